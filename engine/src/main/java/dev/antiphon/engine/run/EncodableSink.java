package dev.antiphon.engine.run;

import dev.antiphon.api.model.RetrySink;
import dev.antiphon.protocol.Json;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// Passes on a model's text as text that UTF-8 can encode. A model can split a surrogate pair, so the first half waits
/// for the next piece; a half that remains alone becomes U+FFFD. Used by the run's one thread.
final class EncodableSink implements RetrySink {

    private final RetrySink sink;
    private final Halves text = new Halves();
    private final Halves reasoning = new Halves();

    /// By the calls' ids; as many as the answer has. The provider limits their length.
    private final Map<String, Halves> arguments = new HashMap<>();

    EncodableSink(RetrySink sink) {
        this.sink = sink;
    }

    /// The waiting half of a pair, if any.
    private static final class Halves {

        private String waiting = "";

        /// The part of the pieces so far that can be passed on now.
        String with(String piece) {
            String all = waiting + piece;
            boolean isCut =
                    !all.isEmpty() && Character.isHighSurrogate(all.charAt(all.length() - 1));
            waiting = isCut ? all.substring(all.length() - 1) : "";
            return Json.encodable(all.substring(0, all.length() - waiting.length()));
        }

        String rest() {
            String rest = Json.encodable(waiting);
            waiting = "";
            return rest;
        }

        void forget() {
            waiting = "";
        }
    }

    /// Ends the answer: no other half can come.
    void end() throws InterruptedException {
        passReasoning(reasoning.rest());
        passContent(text.rest());
    }

    private void passContent(String whole) throws InterruptedException {
        if (!whole.isEmpty()) {
            sink.content(whole);
        }
    }

    private void passReasoning(String whole) throws InterruptedException {
        if (!whole.isEmpty()) {
            sink.reasoning(whole);
        }
    }

    @Override
    public void content(String piece) throws InterruptedException {
        passContent(text.with(piece));
    }

    @Override
    public void reasoning(String piece) throws InterruptedException {
        passReasoning(reasoning.with(piece));
    }

    @Override
    public void toolCall(String id, String name, String piece) throws InterruptedException {
        String whole = arguments.computeIfAbsent(id, _ -> new Halves()).with(piece);
        sink.toolCall(Json.encodable(id), Json.encodable(name), whole);
    }

    @Override
    public void toolResult(String id, String name, String result) throws InterruptedException {
        sink.toolResult(Json.encodable(id), Json.encodable(name), Json.encodable(result));
    }

    @Override
    public void retrying(String why, Duration wait) throws InterruptedException {
        sink.retrying(Json.encodable(why), wait);
    }

    @Override
    public void kept(String handle) throws InterruptedException {
        sink.kept(handle);
    }

    @Override
    public void reset() throws InterruptedException {
        text.forget();
        reasoning.forget();
        arguments.clear();
        sink.reset();
    }

    @Override
    public boolean isCancelled() {
        return sink.isCancelled();
    }
}
