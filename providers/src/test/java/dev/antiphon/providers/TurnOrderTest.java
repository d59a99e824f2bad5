package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ModelTurn.Assistant;
import dev.antiphon.api.model.ModelTurn.Instruction;
import dev.antiphon.api.model.ModelTurn.ToolResult;
import dev.antiphon.api.model.ModelTurn.User;
import dev.antiphon.api.model.ToolCall;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.List;

/// The order of turns that strict chat templates accept.
final class TurnOrderTest {

    private static ModelCall ordered(@Nullable String system, ModelTurn... turns) {
        return TurnOrder.of(
                new ModelCall("m", system, List.of(turns), List.of(), null, null, "", null));
    }

    @Test
    void allInstructionsAreOneAheadOfEverythingElse() {
        ModelCall call = ordered("a", new Instruction(""), new User("u"), new Instruction("b"));

        assertThat(call.systemPrompt()).isEqualTo("a\n\nb");
        assertThat(call.turns()).containsExactly(new User("u"));
    }

    @Test
    void anEmptyInstructionIsIgnored() {
        assertThat(ordered(" ", new Instruction("\n"), new User("u")).systemPrompt()).isNull();
    }

    @Test
    void messagesAroundAFailedAnswerAreOneTurn() {
        ModelCall call = ordered(null, new User("a"), new Assistant(""), new User("b"));

        assertThat(call.turns()).containsExactly(new User("a\n\nb"));
    }

    @Test
    void answersThatFollowOneAnotherAreOne() {
        ModelCall call =
                ordered(null, new User("a"), new Assistant("b"), new Assistant("c"), new User("d"));

        assertThat(call.turns())
                .containsExactly(new User("a"), new Assistant("b\n\nc"), new User("d"));
    }

    @Test
    void theUserComesFirstEvenIfTheModelBegan() {
        ModelCall call = ordered(null, new Assistant("Hello!"), new User("a"));

        assertThat(call.turns())
                .containsExactly(new User("…"), new Assistant("Hello!"), new User("a"));
    }

    @Test
    void toolCallsStayWithTheirResults() {
        Assistant first = new Assistant("", List.of(new ToolCall("1", "t", "{}")), "notes");
        Assistant second = new Assistant("", List.of(new ToolCall("2", "t", "{}")), "notes");
        ToolResult one = new ToolResult("1", "t", "x");
        ToolResult two = new ToolResult("2", "t", "y");

        assertThat(ordered(null, new User("a"), first, one, second, two).turns())
                .containsExactly(new User("a"), first, one, second, two);
    }
}
