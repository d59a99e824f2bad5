package dev.antiphon.api.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.RequestContext.Turn;

import org.junit.jupiter.api.Test;

/// What becomes of a request's `conversation_history`.
final class ModelTurnTest {

    @Test
    void theThreeRolesOfPlainPublishersAreUnderstood() throws Exception {
        assertThat(ModelTurn.of(new Turn("user", "a"))).isEqualTo(new ModelTurn.User("a"));
        assertThat(ModelTurn.of(new Turn("assistant", "b")))
                .isEqualTo(new ModelTurn.Assistant("b"));
        assertThat(ModelTurn.of(new Turn("system", "c"))).isEqualTo(new ModelTurn.Instruction("c"));
    }

    @Test
    void anotherRoleIsRefused() {
        ProviderFailure failure =
                catchThrowableOfType(
                        ProviderFailure.class, () -> ModelTurn.of(new Turn("tool", "42")));

        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_FIELD);
    }
}
