package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall.Kept;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What earlier attempts have shown of an answer that its service gives from the beginning once more: it is passed over.
/// What to do about an answer that reads differently is left to the caller.
public final class Shown {

    private final Beginning text;
    private final Beginning reasoning;
    private final Map<String, Beginning> toolCalls = new HashMap<>();
    private final Set<String> toolResults;

    /// All of it: the text, and what was shown beside it.
    public Shown(String text, Kept kept) {
        this.text = new Beginning(text);
        this.reasoning = new Beginning(kept.reasoning());
        kept.toolCalls().forEach((id, arguments) -> toolCalls.put(id, new Beginning(arguments)));
        this.toolResults = new HashSet<>(kept.toolResults());
    }

    /// Of an answer that nobody has begun.
    public static Shown nothing() {
        return new Shown("", new Kept("", ""));
    }

    /// What of the next piece of text is new; nothing when it is another text than was shown.
    public Optional<String> text(String piece) {
        return text.pass(piece);
    }

    /// Whether text was shown that has not come again.
    public boolean isMissingText() {
        return !text.isPassed();
    }

    /// Passes over no text any more, because it was withdrawn.
    ///
    /// @return as much as had come again
    public String withdrawText() {
        return text.giveUp();
    }

    /// What of the next piece of reasoning is new: all of it, from now on, when it is other reasoning than was shown.
    public String reasoning(String piece) {
        Optional<String> rest = reasoning.pass(piece);
        if (rest.isEmpty()) {
            var _ = reasoning.giveUp();
        }
        return rest.orElse(piece);
    }

    /// As {@link #text}; nothing also when the piece was shown, which may be empty.
    public Optional<String> toolCall(String id, String piece) {
        Beginning shown = toolCalls.get(id);
        return shown == null
                ? Optional.of(piece)
                : shown.pass(piece).filter(rest -> !rest.isEmpty());
    }

    /// Whether the result of this call was shown and had not come again.
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

        /// What was passed; nothing is from now on.
        String giveUp() {
            String passed = shown.substring(0, at);
            at = shown.length();
            return passed;
        }
    }
}
