package dev.antiphon.engine.run;

import dev.antiphon.api.model.ModelCall.Kept;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// Compares the text of this attempt with the text that earlier attempts at the same steps have left in the log. Text
/// that is repeated is not written again. Not thread-safe.
final class Replay {

    private final String text;
    private final boolean isMoreThanText;
    private final @Nullable Kept kept;
    private final String textOfKept;
    private final Runnable whenRepeated;

    /// The number of characters that this attempt has repeated.
    private int repeated;

    /// Whether the text in the log may still have to be withdrawn.
    private boolean isOpen;

    /// @param whenRepeated called once, when all the text in the log was repeated
    Replay(Streamed streamed, Runnable whenRepeated) {
        this.text = streamed.text();
        this.isMoreThanText = streamed.isMoreThanText();
        this.kept = streamed.kept();
        this.textOfKept = streamed.textOfKept();
        this.whenRepeated = whenRepeated;
        // A service can keep an answer before its first piece has come.
        this.isOpen = streamed.isAnything() || streamed.kept() != null;
    }

    boolean isOpen() {
        return isOpen;
    }

    /// Whether the log has text that this attempt has not repeated.
    boolean isIncomplete() {
        return isOpen && repeated < text.length();
    }

    /// Whether the earlier attempts have left nothing behind the current position.
    boolean isAtEnd() {
        return repeated == text.length() && !isMoreThanText;
    }

    /// The text that this attempt has not repeated.
    String rest() {
        return text.substring(repeated);
    }

    /// The answer that a service keeps, if its text begins at the current position; otherwise null.
    @Nullable Kept keptHere() {
        return isOpen
                        && text.length() - repeated == textOfKept.length()
                        && text.endsWith(textOfKept)
                ? kept
                : null;
    }

    /// Takes the next piece of this attempt.
    ///
    /// @return the part that is not in the log yet; empty when the piece differs from the text in the log
    Optional<String> next(String piece) {
        if (!isOpen) {
            return Optional.of(piece);
        }
        int common = Math.min(piece.length(), text.length() - repeated);
        if (!piece.regionMatches(0, text, repeated, common)) {
            return Optional.empty();
        }
        repeated += common;
        if (common > 0 && repeated == text.length()) {
            whenRepeated.run();
        }
        if (common < piece.length()) {
            isOpen = false;
        }
        return Optional.of(piece.substring(common));
    }

    /// Ends the comparison: all further text is new.
    void end() {
        isOpen = false;
    }
}
