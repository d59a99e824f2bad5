package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.request;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.RealRedis;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.UserId;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.time.Instant;

final class RefuseTest {

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);

    private Refuse refuse(String message) {
        return refuse(message, "not yours");
    }

    private Refuse refuse(String message, String why) {
        Chunk last =
                new Chunk(
                        SESSION,
                        new MessageId(message),
                        0,
                        new ChunkBody.Failure(ErrorCode.FOREIGN_SESSION, why),
                        new Completion("", null, FinishReason.ERROR),
                        Instant.EPOCH,
                        "c");
        return answer(chat.log().refuse(SESSION, new MessageId(message), Batch.End.of(last)));
    }

    @Test
    void aRefusedMessageEndsInItsOnlyChunk() {
        chat.ask("m1");
        chat.connect("pod-1:c1");

        Refuse answer = refuse("x");

        assertThat(chat.transcript())
                .containsExactly("message m1", "x/0 error", "message_complete x");
        assertThat(answer)
                .isInstanceOfSatisfying(
                        Refuse.Refused.class,
                        refused -> {
                            assertThat(refused.entries()).isEqualTo(chat.entries().subList(1, 3));
                            assertThat(refused.pods().all()).containsExactly(new PodId("pod-1"));
                        });
    }

    @Test
    void aRepeatedCallIsAnsweredAsTheFirst() {
        chat.ask("m1");
        Refuse first = refuse("x");
        chat.ask("m2");

        assertThat(refuse("x")).isEqualTo(first);
        assertThat(refuse("x", "for another reason")).isEqualTo(new Refuse.Known());
        assertThat(chat.transcript())
                .containsExactly("message m1", "x/0 error", "message_complete x", "message m2");
    }

    @Test
    void aMessageThatHasARunKeepsItsOwnEnd() {
        chat.ask("m1");
        assertThat(refuse("m1")).isEqualTo(new Refuse.Known());
        chat.converseWith("m1");
        assertThat(refuse("m1")).isEqualTo(new Refuse.Known());
        assertThat(chat.transcript())
                .containsExactly("message m1", "m1/0 done", "message_complete m1");
    }

    @Test
    void withoutASessionNoReaderGetsTheRefusal() {
        assertThat(refuse("x")).isEqualTo(new Refuse.Known());
        assertThat(REDIS.commands().dbsize()).isZero();
    }

    /// Each message has one end.
    @Test
    void aRefusedIdCannotBeAskedAnyMore() {
        chat.ask("m1");
        refuse("x");

        assertThat(chat.ask("x")).isEqualTo(new Accept.Conflict());
        assertThat(chat.ask(request(new UserId("u2"), "x", "hi"))).isEqualTo(new Accept.Foreign());
        assertThat(answer(chat.log().atRest(SESSION, new MessageId("x")))).isTrue();
    }

    @Test
    void aStrangersFloodEndsInSilence() {
        chat.ask("m1");
        for (int i = 0; i < Policy.MOST_REFUSED; i++) {
            assertThat(refuse("x" + i)).isInstanceOf(Refuse.Refused.class);
        }

        assertThat(refuse("more")).isEqualTo(new Refuse.Known());
        assertThat(chat.entries()).hasSize(1 + 2 * Policy.MOST_REFUSED);
        chat.converseWith("m1");
        assertThat(refuse("more")).isInstanceOf(Refuse.Refused.class);
    }

    @Test
    void theLogOfASessionThatExpiresStillExpires() {
        chat.converse("m1");
        refuse("x");
        assertThat(REDIS.commands().ttl(Keys.log(SESSION))).isPositive();

        chat.ask("m2");
        refuse("y");
        assertThat(REDIS.commands().ttl(Keys.log(SESSION))).isEqualTo(-1);
    }
}
