package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.chunk;
import static dev.antiphon.backplane.log.Chat.last;
import static dev.antiphon.backplane.log.Chat.request;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.UserId;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.List;
import java.util.Optional;

final class FinishTest {

    private static final Completion CANCELLED = new Completion("m", 3, FinishReason.CANCELLED);

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);

    private Finish cancel(String message) {
        return finish(Optional.of(Chat.USER), message, "");
    }

    private Finish finish(Optional<UserId> user, String message, String text) {
        return answer(chat.log().finish(user, chunk(message, 0, text, CANCELLED)));
    }

    @Test
    void aRunningMessageEndsWhereItIsAndItsWorkerIsFenced() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a", "b"));
        chat.connect("pod-1:c1");

        Finish answer = cancel("m1");

        assertThat(chat.transcript())
                .containsExactly("message m1", "m1/0 a", "m1/1 b", "m1/2 ", "message_complete m1");
        Chunk end = Chunk.decode(chat.entries().get(3).data());
        assertThat(end.completion()).isEqualTo(CANCELLED);
        assertThat(answer)
                .isInstanceOfSatisfying(
                        Finish.Finished.class,
                        finished -> {
                            assertThat(finished.entries()).isEqualTo(chat.entries().subList(3, 5));
                            assertThat(finished.pods().all()).containsExactly(new PodId("pod-1"));
                        });
        assertThat(chat.append(batch("m1", token, 2, "c"))).isEqualTo(new Append.Fenced());
        assertThat(chat.append(last("m1", token, 2, "c"))).isEqualTo(new Append.Fenced());
        assertThat(chat.working("w1")).isEmpty();
        assertThat(chat.open()).isEmpty();
        assertThat(chat.claim("w1", Token.mint())).isEqualTo(new Claim.Idle());
    }

    @Test
    void aWaitingMessageLosesItsTurnAndOthersAreUnaffected() {
        chat.ask("m1");
        chat.ask("m2");
        chat.ask("m3");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a"));

        assertThat(cancel("m2")).isInstanceOf(Finish.Finished.class);
        chat.append(last("m1", token, 1, "b"));

        assertThat(chat.waiting()).containsExactly("m3");
        assertThat(chat.transcript())
                .endsWith(
                        "m1/0 a", "m2/0 ", "message_complete m2", "m1/1 b", "message_complete m1");
        assertThat(chat.claimed("w1").request()).isEqualTo(request("m3"));
    }

    @Test
    void aDeadOrReleasedRunEndsToo() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a"));
        chat.dies("w1");
        assertThat(cancel("m1")).isInstanceOf(Finish.Finished.class);
        chat.ask("m2");
        Token second = chat.claimed("w1").token();
        chat.append(batch("m2", second, 0, "a"));
        answer(chat.log().release(SESSION, new MessageId("m2"), second));
        assertThat(cancel("m2")).isInstanceOf(Finish.Finished.class);

        assertThat(chat.transcript())
                .containsExactly(
                        "message m1",
                        "m1/0 a",
                        "m1/1 ",
                        "message_complete m1",
                        "message m2",
                        "m2/0 a",
                        "m2/1 ",
                        "message_complete m2");
    }

    @Test
    void aRepeatedCallIsAnsweredAsTheFirst() {
        chat.ask("m1");
        chat.append(batch("m1", chat.claimed("w1").token(), 0, "a"));
        Finish first = cancel("m1");
        chat.ask("m2");

        assertThat(cancel("m1")).isEqualTo(first);
        assertThat(finish(Optional.of(Chat.USER), "m1", "another")).isEqualTo(new Finish.Ended());
        assertThat(chat.transcript())
                .containsExactly(
                        "message m1", "m1/0 a", "m1/1 ", "message_complete m1", "message m2");
    }

    @Test
    void anEndedMessageStaysUnchanged() {
        chat.converse("m1");
        List<String> before = chat.transcript();

        assertThat(cancel("m1")).isEqualTo(new Finish.Ended());
        assertThat(chat.transcript()).isEqualTo(before);
    }

    @Test
    void onlyItsUserMayEndAMessage() {
        chat.ask("m1");

        assertThat(finish(Optional.of(new UserId("u2")), "m1", "")).isEqualTo(new Finish.Unknown());
        assertThat(cancel("m2")).isEqualTo(new Finish.Unknown());
        assertThat(chat.transcript()).containsExactly("message m1");
        assertThat(finish(Optional.empty(), "m1", "")).isInstanceOf(Finish.Finished.class);
    }

    @Test
    void everyCallerLearnsThatAMessageHasEndedAndItsRequest() {
        MessageId m1 = new MessageId("m1");
        assertThat(answer(chat.log().atRest(SESSION, m1))).isFalse();
        assertThat(answer(chat.log().request(SESSION, m1))).isEmpty();
        chat.ask("m1");
        assertThat(answer(chat.log().atRest(SESSION, m1))).isFalse();
        assertThat(answer(chat.log().request(SESSION, m1))).contains(request("m1"));
        cancel("m1");
        assertThat(answer(chat.log().atRest(SESSION, m1))).isTrue();
    }
}
