package dev.antiphon.engine.run;

import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.RetrySink;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/// The text of one attempt at an answer, on top of the text that earlier attempts have written since the
/// last checkpoint.
///
/// Steps that had not finished run again, and repeat text that is already in the log. As long as the text is the same,
/// nothing is written; at the first difference the text in the log is withdrawn, and this attempt's text takes its
/// place. Thread-safe, because steps can run in parallel.
final class Answering {

    private final AnswerWriter writer;

    // Guarded by `this`.

    /// The first chunk of the steps that have not finished.
    private int from;

    private final Replay replay;
    private final AttemptText text = new AttemptText();
    private final HeldPiece held;
    private final Usage usage;

    /// The tool calls of the steps that have not finished, as far as their results are shown.
    private final Set<String> results;

    Answering(AnswerWriter writer, Progress progress, Streamed streamed) {
        this.writer = writer;
        this.from = streamed.from();
        this.replay = new Replay(streamed, writer::continued);
        this.held = new HeldPiece(progress.lastPiece());
        this.usage = new Usage(progress.completion(), streamed.tokens());
        this.results = new HashSet<>(streamed.results());
    }

    /// How a model call can continue where an earlier attempt stopped.
    ///
    /// @param text the part that is in the log already
    record Continued(String text, @Nullable Kept kept) {
        static final Continued NOT = new Continued("", null);
    }

    /// Begins a model call.
    ///
    /// @param step its key
    /// @param first whether it is the first call of its step and no step runs in parallel: only such a call can
    ///     be recognized
    synchronized CallSink begin(
            String step, Continuation continuation, boolean first, boolean joinsPieces)
            throws InterruptedException {
        writeHeldPiece();
        writer.joinPieces(joinsPieces);
        if (replay.isOpen() && first && continuation == Continuation.REPLAY) {
            return new CallSink(step, new Continued(replay.rest(), null), true);
        }
        Kept kept = first && continuation == Continuation.REATTACH ? replay.keptHere() : null;
        if (kept != null) {
            CallSink call = new CallSink(step, new Continued(replay.rest(), kept), true);
            text.add(step, call, replay.rest());
            replay.end();
            writer.continued();
            return call;
        }
        if (replay.isOpen() && !replay.isAtEnd()) {
            withdraw();
        }
        replay.end();
        return new CallSink(step, Continued.NOT, first);
    }

    /// Adds a step's own text.
    synchronized void say(String step, String piece) throws InterruptedException {
        writeHeldPiece();
        write(step, null, piece);
    }

    private void writeHeldPiece() throws InterruptedException {
        if (!held.isEmpty()) {
            write(held.step(), null, held.release());
        }
    }

    private void write(String step, @Nullable CallSink call, String piece)
            throws InterruptedException {
        String unlogged = unlogged(piece);
        text.add(step, call, piece);
        writer.content(unlogged);
    }

    /// The part of a piece that is not in the log yet.
    private String unlogged(String piece) throws InterruptedException {
        Optional<String> rest = replay.next(piece);
        if (rest.isEmpty()) {
            withdraw();
        }
        return rest.orElse(piece);
    }

    /// A reset withdraws everything since the last checkpoint, so this attempt's text is written again.
    private void withdraw() throws InterruptedException {
        replay.end();
        writer.reset(from);
        writer.content(text.all());
    }

    /// The text of a step since the last one finished.
    synchronized String said(String step) throws InterruptedException {
        writeHeldPiece();
        return text.of(step);
    }

    /// The position of the answer when the last step finished, and the usage of the model calls since then.
    synchronized Progress unfinished() {
        return new Progress(from, held.whenStepFinished(), usage.soFar());
    }

    /// Records that a model call was retried.
    synchronized void retrying(String why, Duration wait) throws InterruptedException {
        writer.retrying(why, wait);
    }

    boolean isCancelled() {
        return writer.isCancelled();
    }

    synchronized void toolResult(String id, String name, String result)
            throws InterruptedException {
        if (results.add(id)) {
            writer.toolResult(id, name, result);
        }
    }

    /// Finishes a step: its text is final. Waits until it is in the log.
    synchronized Progress finished() throws InterruptedException {
        held.stepFinished();
        boolean isLaterStepsText = replay.isOpen() && text.isEmpty();
        if (!isLaterStepsText) {
            if (replay.isIncomplete()) {
                withdraw();
            }
            replay.end();
            results.clear();
            text.clear();
            from = writer.flush();
        }
        return unfinished();
    }

    /// Ends the answer. Waits until its end is in the log, or the run is lost.
    synchronized void finish() throws InterruptedException {
        String last = unlogged(held.text());
        if (replay.isIncomplete()) { // and no step has repeated it
            replay.end();
            writer.reset(from);
            last = text.all() + held.text();
        }
        writer.finish(new ChunkBody.Content(last), usage.atEnd());
    }

    /// Writes one model call into the answer.
    final class CallSink implements RetrySink {

        private final String step;
        private final Continued continued;

        /// Whether another attempt would recognize the call.
        private final boolean recognizable;

        private CallSink(String step, Continued continued, boolean recognizable) {
            this.step = step;
            this.continued = continued;
            this.recognizable = recognizable;
        }

        Continued continued() {
            return continued;
        }

        /// Records how the call ended.
        ///
        /// @param piece held back until it is known whether it is the last of the answer
        void end(String piece, Completion measured) throws InterruptedException {
            synchronized (Answering.this) {
                writeHeldPiece(); // of a parallel call
                held.hold(step, piece);
                usage.add(measured);
            }
        }

        @Override
        public void content(String piece) throws InterruptedException {
            synchronized (Answering.this) {
                writeHeldPiece();
                write(step, this, piece);
            }
        }

        @Override
        public void reasoning(String piece) throws InterruptedException {
            synchronized (Answering.this) {
                writer.reasoning(piece);
            }
        }

        @Override
        public void toolCall(String id, String name, String arguments) throws InterruptedException {
            synchronized (Answering.this) {
                writer.toolCall(id, name, arguments);
            }
        }

        @Override
        public void toolResult(String id, String name, String result) throws InterruptedException {
            Answering.this.toolResult(id, name, result);
        }

        @Override
        public void retrying(String why, Duration wait) throws InterruptedException {
            Answering.this.retrying(why, wait);
        }

        @Override
        public void kept(String handle) throws InterruptedException {
            synchronized (Answering.this) {
                writer.kept(handle, recognizable);
            }
        }

        /// Withdraws only the text of this call, not of its whole step.
        @Override
        public void reset() throws InterruptedException {
            synchronized (Answering.this) {
                text.removeTextOf(this);
                withdraw();
            }
        }

        @Override
        public boolean isCancelled() {
            return writer.isCancelled();
        }
    }
}
