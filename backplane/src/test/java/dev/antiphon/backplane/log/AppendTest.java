package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.last;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.List;
import java.util.Set;

final class AppendTest {

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private Token token = new Token("not claimed yet");

    @BeforeEach
    void askAndClaim() {
        chat.ask("m1");
        token = chat.claimed("w1").token();
    }

    @Test
    void entriesFollowOneAnotherInNumberAndHash() {
        chat.append(batch("m1", token, 0, "a"));
        Append answer = chat.append(batch("m1", token, 1, "b", "c"));
        chat.append(last("m1", token, 3, "d"));

        assertThat(chat.transcript())
                .containsExactly(
                        "message m1",
                        "m1/0 a",
                        "m1/1 b",
                        "m1/2 c",
                        "m1/3 d",
                        "message_complete m1");
        assertThat(answer)
                .isInstanceOfSatisfying(
                        Append.Appended.class,
                        appended ->
                                assertThat(appended.entries())
                                        .isEqualTo(chat.entries().subList(2, 4)));
    }

    @Test
    void theAnswerNamesThePodsThatAreConnectedNow() {
        assertThat(pods(batch("m1", token, 0, "a"))).isEmpty();
        chat.connect("pod-1:c1");
        chat.connect("pod-2:c2");
        chat.connect("what is this");
        assertThat(pods(batch("m1", token, 1, "b")))
                .containsExactlyInAnyOrder(new PodId("pod-1"), new PodId("pod-2"));
        chat.disconnectAll();
        assertThat(pods(last("m1", token, 2, "c"))).isEmpty();
    }

    /// In the contract's set, so that it holds for the pod that has the name now.
    @Test
    void aPodIsSentBatchesWhenEachOfItsConnectionsOfTheSessionSaysSo() {
        chat.connect("ours:batch1_a");
        chat.connect("ours:batch1_b");
        chat.connect("reused:batch1_c");
        chat.connect("reused:conn-1");
        chat.connect("plain:conn-2");

        assertThat(((Append.Appended) chat.append(batch("m1", token, 0, "a"))).pods())
                .isEqualTo(
                        new SessionPods(
                                Set.of(new PodId("ours")),
                                Set.of(new PodId("reused"), new PodId("plain"))));
    }

    private Set<PodId> pods(Batch batch) {
        return ((Append.Appended) chat.append(batch)).pods().all();
    }

    @Test
    void withoutTheTokenNothingIsAppended() {
        assertThat(chat.append(batch("m1", new Token("wrong"), 0, "a")))
                .isEqualTo(new Append.Fenced());
        assertThat(chat.append(batch("m2", token, 0, "a"))).isEqualTo(new Append.Fenced());
        assertThat(chat.transcript()).containsExactly("message m1");
    }

    @Test
    void withAnotherChunkIdNothingIsAppended() {
        chat.append(batch("m1", token, 0, "a", "b"));

        assertThat(chat.append(batch("m1", token, 3, "d"))).isEqualTo(new Append.OutOfSequence(2));
        assertThat(chat.append(batch("m1", token, 1, "b"))).isEqualTo(new Append.OutOfSequence(2));
        assertThat(chat.append(last("m1", token, 5, "d"))).isEqualTo(new Append.OutOfSequence(2));
        assertThat(chat.transcript()).containsExactly("message m1", "m1/0 a", "m1/1 b");
    }

    @Test
    void aRepeatedCallIsAnsweredAsTheFirst() {
        Append first = chat.append(batch("m1", token, 0, "a", "b"));

        assertThat(chat.append(batch("m1", token, 0, "a", "b"))).isEqualTo(first);
        assertThat(chat.transcript()).containsExactly("message m1", "m1/0 a", "m1/1 b");
        assertThat(chat.append(batch("m1", token, 2, "c"))).isInstanceOf(Append.Appended.class);
    }

    @Test
    void aRepeatedCallIsAnsweredAsTheFirstThoughAnotherMessageCameBetween() {
        Append first = chat.append(batch("m1", token, 0, "a"));
        chat.ask("m2");

        assertThat(chat.append(batch("m1", token, 0, "a"))).isEqualTo(first);
        assertThat(chat.append(batch("m1", token, 1, "b"))).isInstanceOf(Append.Appended.class);
        assertThat(chat.transcript())
                .containsExactly("message m1", "m1/0 a", "message m2", "m1/1 b");
    }

    @Test
    void aRepeatedEndIsAnsweredAsTheFirstThoughTheClaimIsGone() {
        Append first = chat.append(last("m1", token, 0, "a"));

        assertThat(chat.append(last("m1", token, 0, "a"))).isEqualTo(first);
        chat.ask("m2");
        chat.append(batch("m2", chat.claimed("w1").token(), 0, "b"));
        assertThat(chat.append(last("m1", token, 0, "a"))).isEqualTo(first);
        assertThat(chat.transcript())
                .containsExactly(
                        "message m1", "m1/0 a", "message_complete m1", "message m2", "m2/0 b");
    }

    @Test
    void aRepeatedCallIsAnsweredAsTheFirstThoughTheRunWasTakenOver() {
        Append first = chat.append(batch("m1", token, 0, "a"));
        chat.dies("w1");
        Token second = chat.claimed("w2").token();

        assertThat(chat.append(batch("m1", token, 0, "a"))).isEqualTo(first);
        assertThat(chat.append(batch("m1", token, 1, "b"))).isEqualTo(new Append.Fenced());
        chat.append(batch("m1", second, 1, "B"));
        assertThat(chat.append(batch("m1", token, 0, "a"))).isEqualTo(new Append.Fenced());
        assertThat(chat.transcript()).containsExactly("message m1", "m1/0 a", "m1/1 B");
    }

    @Test
    void onlyAnIdenticalCallIsARepetition() {
        chat.append(batch("m1", token, 0, "a", "b"));

        assertThat(chat.append(batch("m1", token, 0, "a"))).isEqualTo(new Append.OutOfSequence(2));
        assertThat(chat.append(batch("m1", token, 0, "a", "b", "c")))
                .isEqualTo(new Append.OutOfSequence(2));
        assertThat(chat.append(batch("m1", token, 0, "a", "B")))
                .isEqualTo(new Append.OutOfSequence(2));
        assertThat(chat.append(last("m1", token, 0, "a"))).isEqualTo(new Append.OutOfSequence(2));
        chat.append(batch("m1", token, 2, "c"));
        assertThat(chat.append(batch("m1", token, 0, "a", "b")))
                .isEqualTo(new Append.OutOfSequence(3));
    }

    @Test
    void afterTheEndNothingFollows() {
        chat.append(last("m1", token, 0, "a"));

        assertThat(chat.append(batch("m1", token, 1, "b"))).isEqualTo(new Append.Fenced());
        assertThat(chat.append(last("m1", token, 1, "b"))).isEqualTo(new Append.Fenced());
        assertThat(chat.append(last("m1", token, 0, "b"))).isEqualTo(new Append.Fenced());
    }

    @Test
    void theEndFreesTheWorkerAndTheTurnAndLetsTheSessionExpire() {
        chat.append(last("m1", token, 0, "a"));

        assertThat(chat.run("m1", "status")).isEqualTo("done");
        assertThat(chat.waiting()).isEmpty();
        assertThat(chat.open()).isEmpty();
        assertThat(chat.working("w1")).isEmpty();
        assertThat(chat.meta("active")).isEqualTo("null");
        assertThat(REDIS.commands().ttl(Keys.log(SESSION)))
                .isBetween(1L, Retention.USUAL.log().toSeconds());
        assertThat(REDIS.commands().ttl(Keys.run(SESSION, new MessageId("m1"))))
                .isBetween(1L, Retention.USUAL.log().toSeconds());
        // Otherwise a stranger could name the session again and see its history.
        assertThat(REDIS.commands().ttl(Keys.meta(SESSION)))
                .isGreaterThan(Retention.USUAL.history().toSeconds());
    }

    @Test
    void aSessionWithAnotherMessageWaitingDoesNotExpire() {
        chat.ask("m2");
        chat.append(last("m1", token, 0, "a"));

        assertThat(REDIS.commands().ttl(Keys.log(SESSION))).isEqualTo(-1);
        assertThat(REDIS.commands().ttl(Keys.meta(SESSION))).isEqualTo(-1);
        assertThat(chat.waiting()).containsExactly("m2");
    }

    @Test
    void aLostLogFencesItsWriter() {
        REDIS.commands().flushall();

        assertThat(chat.append(batch("m1", token, 0, "a"))).isEqualTo(new Append.Fenced());
        assertThat(chat.append(last("m1", token, 0, "a"))).isEqualTo(new Append.Fenced());
        assertThat(REDIS.commands().dbsize()).isZero();
    }

    @Test
    void theBytesStayAsTheyAre() {
        String text = "\u0000\r\n\"{}'é😀\u2028</script>";
        Append answer = chat.append(batch("m1", token, 0, text));

        List<Entry> entries = ((Append.Appended) answer).entries();
        assertThat(chat.entries().getLast()).isEqualTo(entries.getFirst());
        assertThat(entries.getFirst().data()).isEqualTo(Chat.chunk("m1", 0, text, null).encode());
    }

    @Test
    void aBatchBeginsWithAChunkBecauseThatTellsItFromTheNext() {
        Batch.Addition complete = last("m1", token, 0, "a").additions().getLast();

        assertThatThrownBy(() -> batch("m1", token, 0)).hasMessage("a batch begins with a chunk");
        assertThatThrownBy(() -> rebuilt(List.of(complete), true))
                .hasMessage("a batch begins with a chunk");
    }

    @Test
    void onlyTheLastBatchCompletesItsMessage() {
        List<Batch.Addition> end = last("m1", token, 0, "a").additions();

        assertThat(end).extracting(Batch.Addition::event).endsWith(EventName.MESSAGE_COMPLETE);
        assertThatThrownBy(() -> rebuilt(end, false))
                .hasMessage("the last batch, and no other, completes its message");
        assertThatThrownBy(() -> rebuilt(end.subList(0, 1), true))
                .hasMessage("the last batch, and no other, completes its message");
    }

    private Batch rebuilt(List<Batch.Addition> additions, boolean terminal) {
        return new Batch(
                SESSION,
                new MessageId("m1"),
                token,
                0,
                additions,
                terminal ? Batch.Then.END : Batch.Then.CONTINUE);
    }
}
