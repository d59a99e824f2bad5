package example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.workflow.RunState;
import dev.antiphon.api.workflow.Step;
import dev.antiphon.tester.WorkflowTester;
import dev.antiphon.testkit.FakeRun;
import dev.antiphon.testkit.ScriptedModel;

import org.junit.jupiter.api.Test;

import java.util.Map;

final class DebateWorkflowTest {

    private final Map<String, Step> steps = new DebateWorkflow().graph().steps();

    @Test
    void aViewAsksTheModelForOneSide() throws Exception {
        ScriptedModel model = new ScriptedModel().says("It wakes", " you.");
        FakeRun run = new FakeRun("tea", model);

        Map<String, Object> left = steps.get("pro").run(RunState.of(Map.of()), run);

        assertThat(left).isEqualTo(Map.of("pro", "It wakes you."));
        assertThat(model.calls().getFirst().message())
                .isEqualTo("Argue for, in two sentences: tea");
        assertThat(run.said()).isEmpty();
    }

    @Test
    void theAnswerHasBothViews() throws Exception {
        FakeRun run = new FakeRun("tea", new ScriptedModel());

        steps.get("answer").run(RunState.of(Map.of("pro", "yes", "con", "no")), run);

        assertThat(run.said()).isEqualTo("For: yes\n\nAgainst: no");
    }

    @Test
    void theAnswerSurvivesTheDeathOfItsWorkerAtAnyMoment() throws Exception {
        WorkflowTester.killEverywhere(
                () -> new WorkflowTester(
                        new DebateWorkflow(),
                        new ScriptedModel()
                                .answers(call -> call.message().startsWith("Argue for") ? "yes" : "no")),
                tester -> assertThat(tester.ask("tea").text())
                        .isEqualTo("For: yes\n\nAgainst: no"));
    }
}
