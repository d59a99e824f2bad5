package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.last;
import static dev.antiphon.backplane.log.Chat.request;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.charset.StandardCharsets;

final class AcceptTest {

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);

    @Test
    void theFirstMessageBeginsTheSessionsLogWithWhatWasAsked() {
        Accept answer = chat.ask("m1");

        EntryId first = chat.start().next(EventName.MESSAGE, request("m1").messageEvent(null));
        assertThat(answer)
                .isEqualTo(
                        new Accept.Accepted(
                                new Entry(
                                        first, EventName.MESSAGE, request("m1").messageEvent(null)),
                                SessionPods.NONE,
                                0));
        assertThat(chat.transcript()).containsExactly("message m1");
        assertThat(chat.waiting()).containsExactly("m1");
        assertThat(chat.open()).containsExactly("s1:m1");
        assertThat(chat.meta("owner")).isEqualTo("u1");
        assertThat(chat.run("m1", "status")).isEqualTo("accepted");
        byte[] stored = chat.run("m1", "body").getBytes(StandardCharsets.UTF_8);
        assertThat(WorkflowRequest.decodeStored(stored)).isEqualTo(request("m1"));
    }

    @Test
    void aMessageFollowsTheLatestUnlessItSaysOtherwise() {
        chat.ask("m1");
        chat.ask("m2");
        Accept named = chat.ask(Chat.following("m1", "m3", "hi"));
        Accept anew = chat.ask(Chat.following("m4", "m4", "hi"));

        assertThat(chat.run("m1", "parent")).isEmpty();
        assertThat(chat.run("m2", "parent")).isEqualTo("m1");
        assertThat(shown(named)).endsWith("\"parent_id\":\"m1\"}");
        assertThat(shown(anew)).endsWith("\"parent_id\":null}");
        assertThat(shown(chat.ask("m5"))).endsWith("\"parent_id\":\"m4\"}");
        assertThat(chat.ask(Chat.following("m1", "m3", "hi")))
                .isEqualTo(new Accept.Accepted(entry(named), SessionPods.NONE, 2));
    }

    private static Entry entry(Accept accept) {
        return ((Accept.Accepted) accept).entry();
    }

    private static String shown(Accept accept) {
        return new String(entry(accept).data(), StandardCharsets.UTF_8);
    }

    @Test
    void laterMessagesGetTheirTurnInTheOrderOfArrival() {
        chat.ask("m2");
        chat.ask("m1");

        assertThat(chat.ask("m3"))
                .isInstanceOfSatisfying(
                        Accept.Accepted.class,
                        third -> assertThat(third.waitingBefore()).isEqualTo(2));
        assertThat(chat.waiting()).containsExactly("m2", "m1", "m3");
        assertThat(chat.transcript()).containsExactly("message m2", "message m1", "message m3");
    }

    @Test
    void theAnswerNamesThePodsOfTheSession() {
        chat.connect("pod-1:c1");
        chat.connect("pod-1:c2");
        chat.connect("pod-2:c3");

        assertThat(chat.ask("m1"))
                .isInstanceOfSatisfying(
                        Accept.Accepted.class,
                        accepted ->
                                assertThat(accepted.pods().all())
                                        .containsExactlyInAnyOrder(
                                                new PodId("pod-1"), new PodId("pod-2")));
    }

    /// A gateway that died between accepting and publishing left nothing in the queue; the client's retry must get
    /// another gateway to publish.
    @Test
    void aRepeatedCallIsAnsweredAsTheFirstUntilTheMessageHasEnded() {
        chat.ask("m0");
        Accept first = chat.ask("m1");

        assertThat(chat.ask("m1")).isEqualTo(first);
        chat.append(last("m0", chat.claimed("w1").token(), 0, "."));
        assertThat(chat.ask("m1"))
                .isInstanceOfSatisfying(
                        Accept.Accepted.class,
                        again -> {
                            assertThat(again.entry()).isEqualTo(((Accept.Accepted) first).entry());
                            assertThat(again.waitingBefore()).isZero();
                        });
        chat.append(last("m1", chat.claimed("w1").token(), 0, "."));
        assertThat(chat.ask("m1")).isEqualTo(new Accept.Duplicate());
        assertThat(chat.transcript())
                .containsExactly(
                        "message m0",
                        "message m1",
                        "m0/0 .",
                        "message_complete m0",
                        "m1/0 .",
                        "message_complete m1");
        assertThat(chat.waiting()).isEmpty();
        assertThat(chat.open()).isEmpty();
    }

    @Test
    void anotherTimeOrCorrelationIsTheSameMessage() {
        WorkflowRequest request = request("m1");
        Accept first = chat.ask(request);

        Accept again =
                chat.ask(
                        new WorkflowRequest(
                                request.messageId(),
                                request.sessionId(),
                                request.userId(),
                                request.message(),
                                request.context(),
                                null,
                                request.timestamp().plusSeconds(60),
                                "another"));

        assertThat(again).isEqualTo(first);
    }

    @Test
    void theSameIdWithAnotherBodyIsAConflict() {
        chat.ask("m1");

        assertThat(chat.ask(request(Chat.USER, "m1", "something else")))
                .isEqualTo(new Accept.Conflict());
        assertThat(chat.transcript()).containsExactly("message m1");
    }

    @Test
    void aStrangerLearnsOnlyThatTheSessionBelongsToAnotherUser() {
        chat.ask("m1");

        assertThat(chat.ask(request(new UserId("u2"), "m2", "hi"))).isEqualTo(new Accept.Foreign());
        assertThat(chat.ask(request(new UserId("u2"), "m1", "hi"))).isEqualTo(new Accept.Foreign());
        assertThat(chat.transcript()).containsExactly("message m1");
        assertThat(chat.waiting()).containsExactly("m1");
    }

    @Test
    void atMostTwentyMessagesWait() {
        for (int i = 0; i < Policy.MOST_WAITING; i++) {
            assertThat(chat.ask("m" + i)).isInstanceOf(Accept.Accepted.class);
        }

        assertThat(chat.ask("more")).isEqualTo(new Accept.Full());
        assertThat(chat.ask("m7")).isInstanceOf(Accept.Accepted.class);
        chat.append(last("m0", chat.claimed("w1").token(), 0, "."));
        assertThat(chat.ask("more")).isInstanceOf(Accept.Accepted.class);
    }

    @Test
    void nothingExpiresWhileAMessageIsUnfinished() {
        chat.converse("m1");
        assertThat(ttl(Keys.meta(SESSION))).isPositive();

        chat.ask("m2");

        assertThat(ttl(Keys.meta(SESSION))).isEqualTo(-1);
        assertThat(ttl(Keys.log(SESSION))).isEqualTo(-1);
        assertThat(ttl(Keys.run(SESSION, new MessageId("m2")))).isEqualTo(-1);
        assertThat(ttl(Keys.run(SESSION, new MessageId("m1")))).isPositive();
    }

    @Test
    void aLogWhoseEntriesHaveExpiredBeginsAgainForTheSameOwner() {
        chat.converse("m1");
        EntryId before = chat.tail();
        REDIS.commands().del(Keys.log(SESSION), Keys.run(SESSION, new MessageId("m1")));

        assertThat(chat.ask(request(new UserId("u2"), "m2", "hi"))).isEqualTo(new Accept.Foreign());
        assertThat(chat.ask("m2")).isInstanceOf(Accept.Accepted.class);
        assertThat(chat.transcript()).containsExactly("message m2");
        assertThat(chat.tail().generation()).isNotEqualTo(before.generation());
        chat.converseWith("m2");
    }

    /// The state after an eviction of the session's record.
    @Test
    void entriesWithoutTheirSessionAreNoObstacle() {
        chat.converse("m1");
        REDIS.commands().del(Keys.meta(SESSION));

        assertThat(chat.ask("m2")).isInstanceOf(Accept.Accepted.class);
        assertThat(chat.transcript()).containsExactly("message m2");
    }

    private static long ttl(String key) {
        return REDIS.commands().ttl(key);
    }
}
