package dev.antiphon.worker.run;

import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.worker.provider.Capabilities.Continuation;
import dev.antiphon.worker.provider.ModelCall.Kept;
import dev.antiphon.worker.provider.TokenSink;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/// What one attempt has said of an answer, on top of what earlier attempts have said since the last checkpoint.
///
/// Steps that had not finished are run again, and say again what stands already. As long as that is the same, nothing is
/// written; at the first difference what stands is withdrawn and the new text takes its place. Thread-safe, for steps
/// may run beside each other.
final class Answering implements TokenSink {

    private final AnswerWriter writer;

    // Guarded by `this`.

    /// The first chunk of the steps that have not finished.
    private int from;

    /// What earlier attempts have said in them and this one has not said again.
    private String standing;

    /// What this one has said again.
    private final StringBuilder repeated = new StringBuilder();

    /// Whether anything of earlier attempts may have to be withdrawn.
    private boolean continues;

    private @Nullable Kept kept;
    private final String textOfKept;

    /// The tool calls of the steps that have not finished, as far as their results are shown.
    private final Set<String> results;

    /// Whether another attempt would know the current model call again.
    private boolean knownAgain;

    /// Held back, because the last piece of an answer goes into its final chunk.
    private String lastPiece;

    private @Nullable Completion completion;

    Answering(AnswerWriter writer, Progress progress, Streamed streamed) {
        this.writer = writer;
        this.from = streamed.from();
        this.lastPiece = progress.lastPiece();
        this.completion = progress.completion();
        this.standing = streamed.text();
        this.kept = streamed.kept();
        this.textOfKept = streamed.textOfKept();
        this.continues = streamed.isAnything();
        this.results = new HashSet<>(streamed.results());
    }

    /// How a model call may go on where an earlier attempt at it stopped.
    ///
    /// @param text what stands of it already
    record Continued(String text, @Nullable Kept kept) {
        static final Continued NOT = new Continued("", null);
    }

    /// Begins a model call.
    ///
    /// @param first whether it is the first of its step, and no step runs beside it: only such a call is known again
    synchronized Continued begin(Continuation continuation, boolean first, boolean joinsPieces)
            throws InterruptedException {
        writeLastPiece();
        writer.joinPieces(joinsPieces);
        knownAgain = first;
        if (!continues) {
            return Continued.NOT;
        }
        if (first && continuation == Continuation.REPLAY) {
            return new Continued(standing, null);
        }
        Kept last = kept;
        if (first
                && continuation == Continuation.REATTACH
                && last != null
                && standing.equals(textOfKept)) {
            continues = false;
            writer.continued();
            return new Continued(textOfKept, last);
        }
        withdraw();
        return Continued.NOT;
    }

    /// Takes how a model call ended.
    synchronized void end(String piece, Completion measured) {
        lastPiece = piece;
        Completion before = completion;
        completion =
                before == null || before.tokensUsed() == null
                        ? measured
                        : new Completion(
                                measured.model(),
                                sum(before.tokensUsed(), measured.tokensUsed()),
                                measured.finishReason());
    }

    private static @Nullable Integer sum(int tokens, @Nullable Integer more) {
        return more == null ? tokens : Integer.valueOf(tokens + more);
    }

    @Override
    public synchronized void content(String text) throws InterruptedException {
        writeLastPiece();
        writer.content(unsaid(text));
    }

    private void writeLastPiece() throws InterruptedException {
        String piece = lastPiece;
        lastPiece = "";
        writer.content(unsaid(piece));
    }

    /// What of a text does not stand yet.
    private String unsaid(String text) throws InterruptedException {
        if (!continues) {
            return text;
        }
        if (standing.startsWith(text)) {
            standing = standing.substring(text.length());
            repeated.append(text);
            if (standing.isEmpty() && !text.isEmpty()) {
                writer.continued(); // all that stood was said again
            }
            return "";
        }
        if (text.startsWith(standing)) {
            if (!standing.isEmpty()) {
                writer.continued();
            }
            continues = false;
            return text.substring(standing.length());
        }
        withdraw();
        return repeated + text;
    }

    private void withdraw() throws InterruptedException {
        continues = false;
        writer.reset(from);
    }

    @Override
    public synchronized void reasoning(String text) throws InterruptedException {
        writer.reasoning(text);
    }

    @Override
    public synchronized void toolCall(String id, String name, String arguments)
            throws InterruptedException {
        writer.toolCall(id, name, arguments);
    }

    @Override
    public synchronized void retrying(String why, Duration wait) throws InterruptedException {
        writer.retrying(why, wait);
    }

    @Override
    public synchronized void kept(String handle) throws InterruptedException {
        if (knownAgain) {
            writer.kept(handle);
        }
    }

    @Override
    public boolean isCancelled() {
        return writer.isCancelled();
    }

    @Override
    public synchronized void reset() throws InterruptedException {
        writer.reset(from);
    }

    @Override
    public synchronized void toolResult(String id, String name, String result)
            throws InterruptedException {
        if (results.add(id)) {
            writer.toolResult(id, name, result);
        }
    }

    /// A step has finished: what was said stands for good. Waits until it is in the log.
    synchronized Progress finished() throws InterruptedException {
        if (continues && repeated.isEmpty()) {
            return new Progress(from, lastPiece, completion); // what stands is of a step to come
        }
        if (continues && !standing.isEmpty()) {
            withdraw();
            writer.content(repeated.toString());
        }
        continues = false;
        results.clear();
        repeated.setLength(0);
        from = writer.flush();
        return new Progress(from, lastPiece, completion);
    }

    /// Ends the answer and waits until that is in the log.
    ///
    /// @return false when another attempt owns the run now
    synchronized boolean finish() throws InterruptedException {
        Completion measured = completion;
        return writer.finish(
                new ChunkBody.Content(unsaid(lastPiece)),
                measured == null
                        ? new Completion("", null, Completion.FinishReason.STOP)
                        : measured);
    }
}
