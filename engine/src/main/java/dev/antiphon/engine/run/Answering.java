package dev.antiphon.engine.run;

import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.RetrySink;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// The text of one attempt at an answer, on top of the text that earlier attempts have written since the
/// last checkpoint.
///
/// Steps that had not finished run again, and repeat text that is already in the log. As long as the text is the same,
/// nothing is written; at the first difference the text in the log is withdrawn, and this attempt's text takes its
/// place. Thread-safe, because steps can run in parallel.
final class Answering {

    /// The key for no step.
    private static final String FINISHED = "";

    private final AnswerWriter writer;

    // Guarded by `this`.

    /// The first chunk of the steps that have not finished.
    private int from;

    /// The text of earlier attempts at these steps that this attempt has not repeated yet.
    private String standing;

    /// The text of this attempt at these steps, in the log already or not: a reset withdraws all of it. Limited by what
    /// a step can write.
    private final List<Said> said = new ArrayList<>();

    /// Whether text of earlier attempts may have to be withdrawn.
    private boolean continues;

    /// Whether that text has reasoning or tool calls: readers see that these start again only by a reset.
    private final boolean isMoreThanText;

    private @Nullable Kept kept;
    private final String textOfKept;

    /// The tool calls of the steps that have not finished, as far as their results are shown.
    private final Set<String> results;

    /// Held back, because the last piece of an answer goes into its final chunk.
    private String lastPiece;

    /// The step that wrote it; empty when that step has finished.
    private String lastStep = FINISHED;

    /// The text that was held back when the last step finished.
    private String heldBack;

    private @Nullable Completion completion;

    Answering(AnswerWriter writer, Progress progress, Streamed streamed) {
        this.writer = writer;
        this.from = streamed.from();
        this.lastPiece = progress.lastPiece();
        this.heldBack = progress.lastPiece();
        this.completion = with(progress.completion(), streamed.tokens());
        this.standing = streamed.text();
        this.kept = streamed.kept();
        this.textOfKept = streamed.textOfKept();
        // An answer kept by a service continues also when none of it has come yet.
        this.continues = streamed.isAnything() || streamed.kept() != null;
        this.isMoreThanText = streamed.isMoreThanText();
        this.results = new HashSet<>(streamed.results());
    }

    private static @Nullable Completion with(@Nullable Completion completion, int tokens) {
        if (tokens == 0) {
            return completion;
        }
        return completion == null
                ? new Completion("", tokens, Completion.FinishReason.STOP)
                : new Completion(
                        completion.model(),
                        sum(tokens, completion.tokensUsed()),
                        completion.finishReason(),
                        completion.stopReason());
    }

    /// Consecutive text of one source.
    ///
    /// @param step its key
    /// @param call the step's model call; null for its own text
    private record Said(String step, @Nullable ModelSpeech call, StringBuilder text) {

        boolean isBy(String other, @Nullable ModelSpeech another) {
            return step.equals(other) && Objects.equals(call, another);
        }
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
    synchronized ModelSpeech begin(
            String step, Continuation continuation, boolean first, boolean joinsPieces)
            throws InterruptedException {
        writeLastPiece();
        writer.joinPieces(joinsPieces);
        if (!continues) {
            return new ModelSpeech(step, Continued.NOT, first);
        }
        if (first && continuation == Continuation.REPLAY) {
            return new ModelSpeech(step, new Continued(standing, null), true);
        }
        Kept last = kept;
        if (first
                && continuation == Continuation.REATTACH
                && last != null
                && standing.equals(textOfKept)) {
            continues = false;
            writer.continued();
            ModelSpeech speech = new ModelSpeech(step, new Continued(textOfKept, last), true);
            remember(step, speech, textOfKept);
            return speech;
        }
        if (standing.isEmpty() && !isMoreThanText) {
            continues = false; // the earlier attempt had not reached this call
        } else {
            withdraw();
        }
        return new ModelSpeech(step, Continued.NOT, first);
    }

    /// Records how a model call ended.
    private synchronized void ended(String step, String piece, Completion measured)
            throws InterruptedException {
        writeLastPiece(); // of a parallel call
        lastPiece = piece;
        lastStep = step;
        Completion before = completion;
        completion =
                before == null || before.tokensUsed() == null
                        ? measured
                        : new Completion(
                                measured.model(),
                                sum(before.tokensUsed(), measured.tokensUsed()),
                                measured.finishReason(),
                                measured.stopReason());
    }

    private static @Nullable Integer sum(int tokens, @Nullable Integer more) {
        return more == null ? tokens : Integer.valueOf(tokens + more);
    }

    /// Adds a step's own text.
    void say(String step, String text) throws InterruptedException {
        content(step, null, text);
    }

    private synchronized void content(String step, @Nullable ModelSpeech call, String text)
            throws InterruptedException {
        writeLastPiece();
        write(step, call, text);
    }

    private void writeLastPiece() throws InterruptedException {
        String piece = lastPiece;
        lastPiece = "";
        write(lastStep, null, piece);
    }

    private void write(String step, @Nullable ModelSpeech call, String text)
            throws InterruptedException {
        String unsaid = unsaid(text);
        remember(step, call, text);
        writer.content(unsaid);
    }

    private void remember(String step, @Nullable ModelSpeech call, String text) {
        if (text.isEmpty()) {
            return;
        }
        if (said.isEmpty() || !said.getLast().isBy(step, call)) {
            said.add(new Said(step, call, new StringBuilder()));
        }
        said.getLast().text().append(text);
    }

    /// The part of a text that is not in the log yet.
    private String unsaid(String text) throws InterruptedException {
        if (!continues) {
            return text;
        }
        if (standing.startsWith(text)) {
            standing = standing.substring(text.length());
            if (standing.isEmpty() && !text.isEmpty()) {
                writer.continued(); // all text in the log was repeated
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
        return text;
    }

    /// A reset withdraws everything since the last checkpoint, so this attempt's text is written once more.
    private void withdraw() throws InterruptedException {
        continues = false;
        standing = "";
        writer.reset(from);
        writer.content(allSaid());
    }

    private String allSaid() {
        StringBuilder all = new StringBuilder();
        said.forEach(each -> all.append(each.text()));
        return all.toString();
    }

    /// The text of a step since the last one finished.
    synchronized String said(String step) throws InterruptedException {
        writeLastPiece();
        StringBuilder text = new StringBuilder();
        said.stream()
                .filter(each -> each.step().equals(step))
                .forEach(each -> text.append(each.text()));
        return text.toString();
    }

    /// The position of the answer when the last step finished, and the usage of the model calls since then.
    synchronized Progress unfinished() {
        return new Progress(from, heldBack, completion);
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
        heldBack = lastPiece;
        lastStep = FINISHED;
        if (continues && said.isEmpty()) {
            return new Progress(
                    from, lastPiece, completion); // the text in the log belongs to a later step
        }
        if (continues && !standing.isEmpty()) {
            withdraw();
        }
        continues = false;
        results.clear();
        said.clear();
        from = writer.flush();
        return new Progress(from, lastPiece, completion);
    }

    /// Ends the answer and waits until its end is in the log.
    ///
    /// @return false when another attempt owns the run now
    synchronized boolean finish() throws InterruptedException {
        String last = unsaid(lastPiece);
        if (continues && !standing.isEmpty()) { // and no step has repeated it
            continues = false;
            writer.reset(from);
            last = allSaid() + lastPiece;
        }
        Completion measured = completion;
        return writer.finish(
                new ChunkBody.Content(last),
                measured == null
                        ? new Completion("", null, Completion.FinishReason.STOP)
                        : measured);
    }

    /// Writes one model call into the answer.
    final class ModelSpeech implements RetrySink {

        private final String step;
        private final Continued continued;

        /// Whether another attempt would recognize the call.
        private final boolean knownAgain;

        private ModelSpeech(String step, Continued continued, boolean knownAgain) {
            this.step = step;
            this.continued = continued;
            this.knownAgain = knownAgain;
        }

        Continued continued() {
            return continued;
        }

        /// Records how the call ended.
        ///
        /// @param piece held back until it is known whether it is the last of the answer
        void end(String piece, Completion measured) throws InterruptedException {
            ended(step, piece, measured);
        }

        @Override
        public void content(String text) throws InterruptedException {
            Answering.this.content(step, this, text);
        }

        @Override
        public void reasoning(String text) throws InterruptedException {
            synchronized (Answering.this) {
                writer.reasoning(text);
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
                writer.kept(handle, knownAgain);
            }
        }

        /// Withdraws only the text of this call, not of its whole step.
        @Override
        public void reset() throws InterruptedException {
            synchronized (Answering.this) {
                said.removeIf(each -> equals(each.call()));
                withdraw();
            }
        }

        @Override
        public boolean isCancelled() {
            return writer.isCancelled();
        }
    }
}
