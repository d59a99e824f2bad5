package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.ModelCall.Kept;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// Passes over what an earlier attempt has streamed of an answer that its service gives again from the beginning. When the
/// service gives something else, what was streamed is withdrawn and the new answer passed on instead.
final class ResumingSink implements TokenSink {

    private final TokenSink sink;
    private final String handle;
    private final Rest text;
    private final Rest reasoning;
    private final Map<String, Rest> toolCalls = new HashMap<>();

    ResumingSink(TokenSink sink, String streamed, Kept kept) {
        this.sink = sink;
        this.handle = kept.handle();
        this.text = new Rest(streamed);
        this.reasoning = new Rest(kept.reasoning());
        kept.toolCalls().forEach((id, arguments) -> toolCalls.put(id, new Rest(arguments)));
    }

    /// What is still to be passed over.
    private static final class Rest {

        private final String streamed;
        private int passed;

        Rest(String streamed) {
            this.streamed = streamed;
        }

        boolean agrees(String piece) {
            int same = Math.min(piece.length(), streamed.length() - passed);
            return streamed.regionMatches(passed, piece, 0, same);
        }

        /// What of a piece that agrees is new.
        String take(String piece) {
            int same = Math.min(piece.length(), streamed.length() - passed);
            passed += same;
            return piece.substring(same);
        }

        /// Nothing is passed over any more.
        String giveUp() {
            String seen = streamed.substring(0, passed);
            passed = streamed.length();
            return seen;
        }
    }

    @Override
    public void content(String piece) throws InterruptedException {
        if (!text.agrees(piece)) {
            sink.reset();
            sink.kept(handle); // the reset took it along
            // Reasoning and tool calls are no text and stand; the text begins anew.
            sink.content(text.giveUp());
        }
        String rest = text.take(piece);
        if (!rest.isEmpty()) {
            sink.content(rest);
        }
    }

    @Override
    public void reasoning(String piece) throws InterruptedException {
        if (!reasoning.agrees(piece)) {
            reasoning.giveUp();
        }
        String rest = reasoning.take(piece);
        if (!rest.isEmpty()) {
            sink.reasoning(rest);
        }
    }

    @Override
    public void toolCall(String id, String name, String arguments) throws InterruptedException {
        Rest streamed = toolCalls.get(id);
        String rest = streamed == null ? arguments : streamed.take(arguments);
        if (streamed == null || !rest.isEmpty()) {
            sink.toolCall(id, name, rest);
        }
    }

    @Override
    public void toolResult(String id, String name, String result) throws InterruptedException {
        sink.toolResult(id, name, result);
    }

    @Override
    public void retrying(String why, Duration wait) throws InterruptedException {
        sink.retrying(why, wait);
    }

    /// It is known already.
    @Override
    public void kept(String handle) {}

    @Override
    public void reset() throws InterruptedException {
        sink.reset();
    }

    @Override
    public boolean isCancelled() {
        return sink.isCancelled();
    }
}
