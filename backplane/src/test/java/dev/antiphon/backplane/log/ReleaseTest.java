package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.last;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.RealRedis;
import dev.antiphon.protocol.MessageId;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

final class ReleaseTest {

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);

    private boolean release(String message, Token token) {
        return answer(chat.log().release(SESSION, new MessageId(message), token));
    }

    @Test
    void aReleasedRunIsFreeAtOnceWithWhatItHasStreamed() {
        chat.ask("m1");
        Token first = chat.claimed("w1").token();
        chat.append(batch("m1", first, 0, "a"));

        assertThat(release("m1", first)).isTrue();

        assertThat(chat.working("w1")).isEmpty();
        assertThat(chat.append(batch("m1", first, 1, "b"))).isEqualTo(new Append.Fenced());
        Claim.Claimed second = chat.claimed("w2");
        assertThat(second.attempt()).isEqualTo(1);
        assertThat(second.nextChunk()).isEqualTo(1);
        assertThat(second.streamed()).hasSize(1);
    }

    @Test
    void releasingDoesNotCountAsAnAttemptHoweverOften() {
        chat.ask("m1");
        for (int i = 0; i < 3 * Policy.MOST_ATTEMPTS; i++) {
            assertThat(release("m1", chat.claimed("w1").token())).isTrue();
        }

        assertThat(chat.claimed("w1").attempt()).isEqualTo(1);
    }

    @Test
    void aRepeatedCallChangesNothing() {
        chat.ask("m1");
        Token first = chat.claimed("w1").token();
        release("m1", first);

        assertThat(release("m1", first)).isFalse();
        assertThat(chat.run("m1", "attempts")).isEqualTo("0");
        Token second = chat.claimed("w2").token();
        assertThat(release("m1", first)).isFalse();
        assertThat(chat.append(batch("m1", second, 0, "a"))).isInstanceOf(Append.Appended.class);
    }

    @Test
    void onlyTheOneWhoHoldsTheClaimCanReleaseIt() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();

        assertThat(release("m1", new Token("wrong"))).isFalse();
        assertThat(release("m2", token)).isFalse();
        chat.append(last("m1", token, 0, "."));
        assertThat(release("m1", token)).isFalse();
    }
}
