package dev.antiphon.tester;

import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;

import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Optional;

/// The answer to one message, as its readers see it, at its end or at a question to the user. Used by the thread of
/// the test.
public final class TestedAnswer {

    private static final Completion NOTHING =
            new Completion("", null, Completion.FinishReason.STOP);

    private final TestedRun run;

    TestedAnswer(TestedRun run) {
        this.run = run;
    }

    /// The text, without withdrawn parts.
    public String text() {
        AnswerText text = new AnswerText();
        chunks().forEach(text::add);
        return text.toString();
    }

    /// Everything that readers have received, in order: text, reasoning, tool calls and results, questions, resets.
    public List<ChunkBody> chunks() {
        return run.log().chunks().stream().map(Chunk::body).toList();
    }

    /// The question that waits for the user's answer; empty when the answer has ended.
    public Optional<ObjectNode> question() {
        return run.log().isParked() && chunks().getLast() instanceof ChunkBody.Status status
                ? Optional.of((ObjectNode) status.details().get(ChunkBody.Status.INTERRUPT))
                : Optional.empty();
    }

    /// Gives the user's answer to the question. Blocks until the answer has ended or asks again.
    ///
    /// @return this answer
    /// @throws IllegalStateException when no question waits, or as {@link WorkflowTester#ask}
    /// @throws InterruptedException when interrupted
    public TestedAnswer answer(String text) throws InterruptedException {
        run.log().resume(text);
        run.untilRest();
        return this;
    }

    /// The error that ended the answer; empty for none.
    public Optional<ErrorCode> error() {
        return failure().map(ChunkBody.Failure::code);
    }

    /// The sentence about the error, for the user; empty for no error.
    public Optional<String> errorMessage() {
        return failure().map(ChunkBody.Failure::message);
    }

    private Optional<ChunkBody.Failure> failure() {
        return chunks().getLast() instanceof ChunkBody.Failure failure
                ? Optional.of(failure)
                : Optional.empty();
    }

    /// Whether the user has cancelled the message.
    public boolean isCancelled() {
        return completion()
                .filter(end -> end.finishReason() == Completion.FinishReason.CANCELLED)
                .isPresent();
    }

    /// The tokens of all model calls; 0 before the end, or when no model reported them.
    public int tokensUsed() {
        Integer tokens = completion().orElse(NOTHING).tokensUsed();
        return tokens == null ? 0 : tokens;
    }

    private Optional<Completion> completion() {
        return Optional.ofNullable(run.log().chunks().getLast().completion());
    }

    /// The steps in the order in which workers began them; a step that ran again is named again.
    public List<String> steps() {
        return run.steps();
    }

    /// The number of workers' attempts: each kill and each answer of the user leads to one more.
    public int attempts() {
        return run.log().attempts();
    }
}
