package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.TokenSink;

import java.util.Optional;

/// Skips what an earlier attempt has streamed of an answer that its service sends again from the beginning. If the
/// service sends a different answer, this sink withdraws what was streamed and passes on the new answer.
final class ResumingSink implements TokenSink {

    private final TokenSink sink;
    private final String handle;
    private final ReplayFilter filter;

    ResumingSink(TokenSink sink, String streamed, Kept kept) {
        this.sink = sink;
        this.handle = kept.handle();
        this.filter = new ReplayFilter(streamed, kept);
    }

    @Override
    public void content(String piece) throws InterruptedException {
        Optional<String> rest = filter.text(piece);
        if (rest.isEmpty()) {
            sink.reset();
            sink.kept(handle); // the reset removed the handle
            // The reset does not concern reasoning and tool calls; the text starts again.
            sink.content(filter.withdrawText());
        }
        String next = rest.orElse(piece);
        if (!next.isEmpty()) {
            sink.content(next);
        }
    }

    @Override
    public void reasoning(String piece) throws InterruptedException {
        String rest = filter.reasoning(piece);
        if (!rest.isEmpty()) {
            sink.reasoning(rest);
        }
    }

    @Override
    public void toolCall(String id, String name, String arguments) throws InterruptedException {
        Optional<String> rest = filter.toolCall(id, arguments);
        if (rest.isPresent()) {
            sink.toolCall(id, name, rest.get());
        }
    }

    @Override
    public void toolResult(String id, String name, String result) throws InterruptedException {
        sink.toolResult(id, name, result);
    }

    /// Ignored, because the log has the handle already.
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
