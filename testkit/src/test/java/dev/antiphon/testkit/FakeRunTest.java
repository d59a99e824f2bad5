package dev.antiphon.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.api.workflow.NeedsUser;
import dev.antiphon.api.workflow.ToolReply;
import dev.antiphon.protocol.Json;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.node.ObjectNode;

import java.util.List;

final class FakeRunTest {

    /// Fails if its arguments say so.
    private static final class Echo implements Tool {

        @Override
        public String name() {
            return "echo";
        }

        @Override
        public String description() {
            return "Says it again.";
        }

        @Override
        public ObjectNode parameters() {
            return Json.object().put("type", "object");
        }

        @Override
        public boolean idempotent() {
            return true;
        }

        @Override
        public String call(ObjectNode arguments, ToolContext context) throws ToolFailure {
            return switch (arguments.path("say").asString("")) {
                case "fail" -> throw new ToolFailure("no voice");
                case "vanish" -> throw ToolFailure.outcomeUnknown("no echo");
                case String text -> text;
            };
        }
    }

    @Test
    void streamedTextIsPartOfTheAnswerAndThoughtsAreNot() throws Exception {
        ScriptedModel model = new ScriptedModel().says("a", "b").says("thought");
        FakeRun run = new FakeRun("hi", model);

        assertThat(run.stream(run.conversation(), run.tools()).turn().text()).isEqualTo("ab");
        assertThat(run.think(List.of(new ModelTurn.User("q"))).turn().text()).isEqualTo("thought");
        run.say("!");

        assertThat(run.said()).isEqualTo("ab!");
        assertThat(model.calls()).hasSize(2);
    }

    @Test
    void aScriptThatIsTooShortFails() {
        FakeRun run = new FakeRun("hi", new ScriptedModel());

        assertThatThrownBy(() -> run.stream(run.conversation(), List.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("called 1 times");
    }

    @Test
    void aModelCanFail() {
        FakeRun run = new FakeRun("hi", new ScriptedModel().fails("It is tired."));

        assertThatThrownBy(() -> run.stream(run.conversation(), List.of()))
                .isInstanceOf(ProviderFailure.class)
                .hasMessage("It is tired.");
    }

    @Test
    void toolsAreCalledAndTheirOutcomesReturned() throws Exception {
        FakeRun run = new FakeRun("hi", new ScriptedModel(), new Echo());

        assertThat(kind(run, "echo", "x")).isEqualTo(ToolReply.Kind.RESULT);
        assertThat(kind(run, "echo", "fail")).isEqualTo(ToolReply.Kind.FAILED);
        assertThat(kind(run, "echo", "vanish")).isEqualTo(ToolReply.Kind.UNKNOWN);
        assertThat(kind(run, "other", "x")).isEqualTo(ToolReply.Kind.REFUSED);
        assertThat(run.calls()).hasSize(4);
        assertThat(run.tools()).hasSize(1);
    }

    private static ToolReply.Kind kind(FakeRun run, String tool, String text)
            throws InterruptedException {
        return run.call(new ToolCall("c", tool, "{\"say\":\"" + text + "\"}")).kind();
    }

    @Test
    void aQuestionParksUntilItHasAnAnswer() throws Exception {
        FakeRun run = new FakeRun("hi", new ScriptedModel());

        assertThatThrownBy(() -> run.ask("Which tone?", "formal")).isInstanceOf(NeedsUser.class);
        assertThat(run.userAnswers("formal").ask("Which tone?", "formal")).isEqualTo("formal");
        assertThat(run.questions()).hasSize(2);
    }
}
