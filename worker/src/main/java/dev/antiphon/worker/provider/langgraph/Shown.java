package dev.antiphon.worker.provider.langgraph;

import dev.antiphon.worker.provider.ModelCall.Kept;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What earlier attempts have shown of an answer that is streamed from its beginning once more: it is passed over.
final class Shown {

    private final Beginning text;
    private final Beginning reasoning;
    private final Map<String, Beginning> toolCalls = new HashMap<>();
    private final Set<String> toolResults;

    Shown(String text, Kept kept) {
        this.text = new Beginning(text);
        this.reasoning = new Beginning(kept.reasoning());
        kept.toolCalls().forEach((id, arguments) -> toolCalls.put(id, new Beginning(arguments)));
        this.toolResults = new HashSet<>(kept.toolResults());
    }

    static Shown nothing() {
        return new Shown("", new Kept("", ""));
    }

    /// What of the next piece of text is new; nothing when it is another text than was shown.
    Optional<String> text(String piece) {
        return text.pass(piece);
    }

    Optional<String> reasoning(String piece) {
        return reasoning.pass(piece);
    }

    /// As {@link #text}; nothing also when the piece was shown, which may be empty.
    Optional<String> toolCall(String id, String piece) {
        Beginning shown = toolCalls.get(id);
        return shown == null
                ? Optional.of(piece)
                : shown.pass(piece).filter(rest -> !rest.isEmpty());
    }

    boolean toolResult(String id) {
        return toolResults.remove(id);
    }

    /// Whether text was shown that has not come again.
    boolean isMissingText() {
        return !text.isPassed();
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
    }
}
