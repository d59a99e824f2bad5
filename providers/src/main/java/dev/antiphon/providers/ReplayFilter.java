package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall.Kept;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Skips the pieces that earlier attempts have shown of an answer that its service now sends again from the beginning.
/// The caller decides what to do about an answer that is different.
public final class ReplayFilter {

    private final Beginning text;
    private final Beginning reasoning;
    private final Map<String, Beginning> toolCalls = new HashMap<>();
    private final Set<String> toolResults;

    /// For an answer of which this much was shown: the text, and the parts next to it.
    public ReplayFilter(String text, Kept kept) {
        this.text = new Beginning(text);
        this.reasoning = new Beginning(kept.reasoning());
        kept.toolCalls().forEach((id, arguments) -> toolCalls.put(id, new Beginning(arguments)));
        this.toolResults = new HashSet<>(kept.toolResults());
    }

    /// For an answer of which nothing was shown.
    public static ReplayFilter nothing() {
        return new ReplayFilter("", new Kept("", ""));
    }

    /// The new part of the next piece of text; nothing when the text differs from the shown one.
    public Optional<String> text(String piece) {
        return text.pass(piece);
    }

    /// Whether text was shown that has not come again.
    public boolean isMissingText() {
        return !text.isPassed();
    }

    /// Stops skipping text, because the shown text was withdrawn.
    ///
    /// @return the part that had come again
    public String withdrawText() {
        return text.giveUp();
    }

    /// The new part of the next piece of reasoning. From the first difference on, all reasoning is new.
    public String reasoning(String piece) {
        Optional<String> rest = reasoning.pass(piece);
        if (rest.isEmpty()) {
            var _ = reasoning.giveUp();
        }
        return rest.orElse(piece);
    }

    /// Like {@link #text}; also nothing when the piece was shown, which can be empty.
    public Optional<String> toolCall(String id, String piece) {
        Beginning shown = toolCalls.get(id);
        return shown == null
                ? Optional.of(piece)
                : shown.pass(piece).filter(rest -> !rest.isEmpty());
    }

    /// Whether the result of this call was shown and has not come again before.
    public boolean toolResult(String id) {
        return toolResults.remove(id);
    }

    private static final class Beginning {
        private final String shown;
        private int at;

        Beginning(String shown) {
            this.shown = shown;
        }

        boolean isPassed() {
            return at == shown.length();
        }

        Optional<String> pass(String piece) {
            int most = Math.min(piece.length(), shown.length() - at);
            if (!piece.regionMatches(0, shown, at, most)) {
                return Optional.empty();
            }
            at += most;
            return Optional.of(piece.substring(most));
        }

        /// The part that was skipped; nothing is skipped from now on.
        String giveUp() {
            String passed = shown.substring(0, at);
            at = shown.length();
            return passed;
        }
    }
}
