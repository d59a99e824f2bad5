package dev.antiphon.tester;

import static org.assertj.core.api.Assertions.assertThat;

import static java.util.Objects.requireNonNull;

import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.api.workflow.Step;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.engine.workflow.ChatWorkflow;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/// Workflows with a service that runs its own graphs: it keeps its answers and the conversation, and asks the user.
final class ServiceQuestionTest {

    private static final int TOKENS = 5;

    private final Service service = new Service();

    /// Repeats the user's answers, and asks when the message is `ask` and there is no answer.
    private static final class Service implements ModelProvider {

        final List<ModelCall> calls = new CopyOnWriteArrayList<>();

        @Override
        public String name() {
            return "service";
        }

        @Override
        public Capabilities capabilities() {
            return Capabilities.of(
                    Continuation.REATTACH,
                    Feature.USAGE,
                    Feature.CANCEL,
                    Feature.KEEPS_CONVERSATION);
        }

        @Override
        public ModelAnswer stream(ModelCall call, TokenSink sink) throws InterruptedException {
            calls.add(call);
            if (call.kept() == null) {
                sink.kept("h" + calls.size());
            }
            List<String> answers = requireNonNull(call.asker()).answers();
            String text = call.message() + answers;
            sink.content(text.substring(call.streamed().length()));
            return new ModelAnswer(
                    "",
                    new ModelTurn.Assistant(text),
                    new Completion("m", TOKENS, Completion.FinishReason.STOP),
                    call.message().equals("ask") && answers.isEmpty() ? "[\"Really?\"]" : null);
        }
    }

    private static List<ModelTurn> turns(String text) {
        return List.of(new ModelTurn.User(text));
    }

    private static Step streams(String text) {
        return (_, run) -> {
            run.stream(turns(text), List.of());
            return Map.of();
        };
    }

    private TestedAnswer ask(Workflow workflow) throws InterruptedException {
        return new WorkflowTester(workflow, service).ask("hi");
    }

    @Test
    void anAnswerContinueslyToTheSourceOfItsQuestion() throws Exception {
        // Asks the user, lets the service ask the user too, and calls it again in a second step.
        Workflow asks =
                TestWorkflow.of(
                        "ask",
                        (_, run) -> {
                            String own = run.ask("Own?");
                            run.stream(turns("ask"), List.of());
                            return Map.of("own", own);
                        },
                        "tell",
                        (state, run) -> {
                            run.say("<" + state.get("own", String.class).orElseThrow() + ">");
                            run.stream(turns("tell"), List.of());
                            return Map.of();
                        });

        TestedAnswer answer = ask(asks).answer("mine");
        assertThat(answer.question().orElseThrow().get("kind").stringValue())
                .isEqualTo("service_question");
        answer.answer("yours");

        assertThat(answer.text()).isEqualTo("ask[]ask[yours]<mine>tell[]");
        assertThat(answer.tokensUsed()).isEqualTo(3 * TOKENS);
    }

    @Test
    void theNextWorkerContinuesAnAnswerThatTheServiceKeeps() throws Exception {
        TestedAnswer answer =
                new WorkflowTester(new ChatWorkflow(), service).killInModelCall().ask("hi");

        assertThat(service.calls).hasSize(2);
        assertThat(service.calls.getLast().kept()).isEqualTo(new Kept("h1", ""));
        assertThat(service.calls.getLast().streamed()).isEqualTo("hi[]");
        assertThat(answer.text()).isEqualTo("hi[]");
    }

    @Test
    void aServiceThatKeepsTheConversationIsNotAskedForAStepsOwnUse() throws Exception {
        TestedAnswer answer =
                ask(
                        TestWorkflow.of(
                                "think",
                                (_, run) -> {
                                    run.think(turns("decide"));
                                    return Map.of();
                                }));

        assertThat(answer.error()).contains(ErrorCode.INVALID_FIELD);
        assertThat(answer.errorMessage())
                .contains(
                        "The provider 'service' keeps the conversation itself and cannot answer"
                                + " separate calls; this workflow needs another provider.");
        assertThat(service.calls).isEmpty();
    }

    @Test
    void aServiceCannotAskDuringParallelSteps() throws Exception {
        TestedAnswer answer =
                ask(
                        TestWorkflow.parallel(
                                streams("ask"), TestWorkflow.says(""), TestWorkflow.says("")));

        assertThat(answer.errorMessage())
                .contains(
                        "The provider 'service' asks its user, which a step that runs in parallel"
                                + " cannot do.");
    }
}
