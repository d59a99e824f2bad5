package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.TokenSink;

import java.util.Optional;

/// Passes over what an earlier attempt has streamed of an answer that its service gives again from the beginning. When the
/// service gives something else, what was streamed is withdrawn and the new answer passed on instead.
final class ResumingSink implements TokenSink {

    private final TokenSink sink;
    private final String handle;
    private final Shown shown;

    ResumingSink(TokenSink sink, String streamed, Kept kept) {
        this.sink = sink;
        this.handle = kept.handle();
        this.shown = new Shown(streamed, kept);
    }

    @Override
    public void content(String piece) throws InterruptedException {
        Optional<String> rest = shown.text(piece);
        if (rest.isEmpty()) {
            sink.reset();
            sink.kept(handle); // the reset took it along
            // Reasoning and tool calls are no text and stand; the text begins anew.
            sink.content(shown.withdrawText());
        }
        String next = rest.orElse(piece);
        if (!next.isEmpty()) {
            sink.content(next);
        }
    }

    @Override
    public void reasoning(String piece) throws InterruptedException {
        String rest = shown.reasoning(piece);
        if (!rest.isEmpty()) {
            sink.reasoning(rest);
        }
    }

    @Override
    public void toolCall(String id, String name, String arguments) throws InterruptedException {
        Optional<String> rest = shown.toolCall(id, arguments);
        if (rest.isPresent()) {
            sink.toolCall(id, name, rest.get());
        }
    }

    @Override
    public void toolResult(String id, String name, String result) throws InterruptedException {
        sink.toolResult(id, name, result);
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
