package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.protocol.Completion;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The tokens of an answer.
final class UsageTest {

    private static Completion call(String model, @Nullable Integer tokens) {
        return new Completion(model, tokens, Completion.FinishReason.LENGTH);
    }

    @Test
    void tokensOfAllCallsAreAddedAndTheLastCallGivesTheRest() {
        Usage usage = new Usage(call("a", 3), 4);

        usage.add(call("b", 5));

        assertThat(usage.soFar()).isEqualTo(call("b", 12));
        assertThat(usage.atEnd()).isEqualTo(call("b", 12));
    }

    @Test
    void aCallWithoutCountedTokensLosesNoOthers() {
        Usage usage = new Usage(call("a", 3), 0);
        usage.add(call("b", null));
        usage.add(call("c", 2));

        assertThat(usage.soFar()).isEqualTo(call("c", 5));
        assertThat(new Usage(call("a", null), 4).soFar()).isEqualTo(call("a", 4));
    }

    @Test
    void anAnswerWithoutModelEndsWithoutTokens() {
        Usage usage = new Usage(null, 0);

        assertThat(usage.soFar()).isNull();
        assertThat(usage.atEnd()).isEqualTo(new Completion("", null, Completion.FinishReason.STOP));
        assertThat(new Usage(null, 4).soFar())
                .isEqualTo(new Completion("", 4, Completion.FinishReason.STOP));
    }
}
