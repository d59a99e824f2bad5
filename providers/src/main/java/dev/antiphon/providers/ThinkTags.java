package dev.antiphon.providers;

/// Separates reasoning that a model writes into its text, between `<think>` and `</think>` at the beginning. Later tags
/// are text, because an answer can be about them.
final class ThinkTags {

    private static final String OPEN = "<think>";
    private static final String CLOSE = "</think>";

    private enum State {
        BEFORE,
        THINKING,
        /// White space between reasoning and text, which belongs to neither.
        AFTER,
        TEXT
    }

    private State state = State.BEFORE;

    /// Text that can be a part of a tag.
    private String waiting = "";

    /// A separated piece of the model's output.
    record Separated(String reasoning, String text) {}

    Separated take(String piece) {
        String rest = waiting + piece;
        waiting = "";
        if (state == State.BEFORE) {
            String begun = rest.stripLeading();
            if (begun.startsWith(OPEN)) {
                state = State.THINKING;
                rest = begun.substring(OPEN.length());
            } else if (OPEN.startsWith(begun)) {
                waiting = rest;
                return new Separated("", "");
            } else {
                state = State.TEXT;
            }
        }
        String reasoning = "";
        if (state == State.THINKING) {
            int end = rest.indexOf(CLOSE);
            if (end < 0) {
                int keep = beginningOfClose(rest);
                waiting = rest.substring(rest.length() - keep);
                return new Separated(rest.substring(0, rest.length() - keep), "");
            }
            reasoning = rest.substring(0, end);
            rest = rest.substring(end + CLOSE.length());
            state = State.AFTER;
        }
        if (state == State.AFTER) {
            rest = rest.stripLeading();
            state = rest.isEmpty() ? State.AFTER : State.TEXT;
        }
        return new Separated(reasoning, rest);
    }

    /// Ends the answer: the waiting text is not a tag.
    Separated end() {
        String rest = waiting;
        waiting = "";
        return state == State.THINKING ? new Separated(rest, "") : new Separated("", rest);
    }

    /// The number of characters at the end that can begin the closing tag.
    private static int beginningOfClose(String text) {
        for (int length = Math.min(CLOSE.length() - 1, text.length()); length > 0; length--) {
            if (CLOSE.startsWith(text.substring(text.length() - length))) {
                return length;
            }
        }
        return 0;
    }
}
