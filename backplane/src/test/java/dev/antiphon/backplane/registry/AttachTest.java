package dev.antiphon.backplane.registry;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.chunk;
import static dev.antiphon.backplane.log.Chat.last;
import static dev.antiphon.backplane.log.Chat.request;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.UserId;

import io.lettuce.core.XTrimArgs;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.List;
import java.util.Optional;

/// The scripts attach and seen: where a reader without an id begins (PROTOCOL.md §5).
final class AttachTest {

    private static final Completion CANCELLED = new Completion("", null, FinishReason.CANCELLED);
    private static final ConnectionId C1 = new ConnectionId("c1");
    private static final PodId POD = new PodId("pod-1");

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private final RedisConnectionRegistry registry =
            new RedisConnectionRegistry(REDIS.redis(), POD);

    private Attach.Attached attach() {
        return (Attach.Attached) answer(registry.attach(SESSION, Chat.USER, C1, true));
    }

    private void detach() {
        answer(registry.detach(SESSION, C1));
    }

    private void seen(Attach.Attached attached) {
        answer(registry.seen(SESSION, attached.unseen().orElseThrow()));
    }

    /// The events that a reader without an id gets before it is live, if it attaches now.
    private List<String> shown(Attach.Attached attached) {
        Slice slice = chat.read(attached.start(), 1_000);
        assertThat(slice).isInstanceOf(Slice.Entries.class);
        return ((Slice.Entries) slice).entries().stream().map(Chat::shown).toList();
    }

    @Test
    void theFirstConnectionBeginsTheSessionForItsUser() {
        Attach.Attached attached = attach();

        assertThat(attached.tail()).isEqualTo(EntryId.start(attached.tail().generation()));
        assertThat(attached.start()).isEqualTo(attached.tail());
        assertThat(attached.unseen()).isEmpty();
        assertThat(chat.meta("owner")).isEqualTo("u1");
        assertThat(REDIS.commands().ttl(Keys.meta(SESSION)))
                .isBetween(1L, RedisConnectionRegistry.KEEP_UNUSED.toSeconds());
        assertThat(chat.ask(request(new UserId("u2"), "m1", "hi"))).isEqualTo(new Accept.Foreign());
        assertThat(attach()).isEqualTo(attached);
    }

    @Test
    void aConnectionIsRegisteredInItsSessionAndItsPod() {
        attach();

        assertThat(REDIS.commands().smembers(Keys.connections(SESSION)))
                .containsExactly("pod-1:c1");
        assertThat(REDIS.commands().smembers(Keys.podConnections(POD))).containsExactly("s1:c1");
    }

    /// A plain pod adds itself once, and its browser can stay connected for days.
    @Test
    void aSessionsConnectionsDoNotExpire() {
        REDIS.commands().sadd(Keys.connections(SESSION), "plain:conn-1");
        REDIS.commands().expire(Keys.connections(SESSION), 3_600);

        attach();

        assertThat(REDIS.commands().ttl(Keys.connections(SESSION))).isEqualTo(-1);
    }

    @Test
    void aConnectionBeyondTheBoundReadsWithoutBeingRegistered() {
        chat.converse("m1");
        assertThat(answer(registry.attach(SESSION, Chat.USER, C1, false)))
                .isInstanceOf(Attach.Attached.class);

        assertThat(REDIS.commands().exists(Keys.connections(SESSION), Keys.podConnections(POD)))
                .isZero();
    }

    @Test
    void aStrangerIsNotRegistered() {
        chat.ask("m1");

        assertThat(answer(registry.attach(SESSION, new UserId("u2"), C1, true)))
                .isEqualTo(new Attach.Foreign());
        assertThat(REDIS.commands().exists(Keys.connections(SESSION), Keys.podConnections(POD)))
                .isZero();
    }

    @Test
    void anAnswerInFlightIsShownFromChunk0() {
        attach();
        chat.converse("m1");
        chat.ask("m2");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m2", token, 0, "a", "b"));

        assertThat(shown(attach())).containsExactly("message m2", "m2/0 a", "m2/1 b");
    }

    @Test
    void aQuestionThatWaitsForItsAnswerIsShown() {
        attach();
        chat.converse("m1");
        chat.ask("m2");
        chat.ask("m3");

        assertThat(shown(attach())).containsExactly("message m2", "message m3");
    }

    @Test
    void aMessageAskedDuringTheAnswerBeforeIsShownFromThatAnswersEnd() {
        attach();
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a"));
        chat.ask("m2");
        chat.append(last("m1", token, 1, "b"));
        chat.append(batch("m2", chat.claimed("w1").token(), 0, "c"));

        assertThat(shown(attach())).containsExactly("m2/0 c");
    }

    @Test
    void seenAnswersAreNotShownAgain() {
        attach();
        chat.converse("m1");

        Attach.Attached attached = attach();
        assertThat(shown(attached)).isEmpty();
        assertThat(attached.start()).isEqualTo(chat.tail());
        assertThat(attached.unseen()).isEmpty();
    }

    @Test
    void unseenAnswersAreShownUntilAReaderHasSeenThem() {
        chat.converse("m1");

        assertThat(shown(attach()))
                .containsExactly("message m1", "m1/0 done", "message_complete m1");
        Attach.Attached again = attach();
        assertThat(again.unseen()).hasValue(3);
        seen(again);
        assertThat(shown(attach())).isEmpty();
        assertThat(attach().unseen()).isEmpty();
        seen(again);
        assertThat(attach().unseen()).isEmpty();
    }

    @Test
    void allThatEndedUnseenIsShownWithWhatIsInFlight() {
        chat.converse("m1");
        chat.converse("m2");
        chat.ask("m3");
        chat.append(batch("m3", chat.claimed("w1").token(), 0, "a"));

        assertThat(shown(attach()))
                .containsExactly(
                        "message m1",
                        "m1/0 done",
                        "message_complete m1",
                        "message m2",
                        "m2/0 done",
                        "message_complete m2",
                        "message m3",
                        "m3/0 a");
        seen(attach());
        assertThat(shown(attach())).containsExactly("message m3", "m3/0 a");
    }

    @Test
    void anAnswerWhoseReaderLeftHalfwayIsShownFromItsStart() {
        attach();
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a"));
        detach();
        chat.append(last("m1", token, 1, "b"));

        assertThat(shown(attach()))
                .containsExactly("message m1", "m1/0 a", "m1/1 b", "message_complete m1");
    }

    /// The reader leaves, another answer ends, and only then does its pod report what the reader had seen.
    @Test
    void anAnswerThatBecameUnseenSinceStaysUnseen() {
        chat.converse("m1");
        Attach.Attached first = attach();
        detach();
        chat.converse("m2");

        seen(first);

        Attach.Attached second = attach();
        assertThat(second.unseen()).hasValue(6);
        assertThat(shown(second)).containsExactly("message m2", "m2/0 done", "message_complete m2");
    }

    /// No client was connected when it was cancelled, and the answer around it ended before the next reader came.
    @Test
    void aMessageThatWasCancelledUnseenIsShownWithTheWholeAnswerAroundIt() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a"));
        chat.ask("m2");
        cancel("m2");
        attach();
        chat.append(last("m1", token, 1, "b"));
        detach();

        assertThat(shown(attach()))
                .containsExactly(
                        "message m1",
                        "m1/0 a",
                        "message m2",
                        "m2/0 ",
                        "message_complete m2",
                        "m1/1 b",
                        "message_complete m1");
    }

    @Test
    void aMessageThatWasCancelledInTheQueueDoesNotHideTheStartOfTheAnswerInFlight() {
        attach();
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a"));
        chat.ask("m2");
        cancel("m2");
        chat.append(batch("m1", token, 1, "b"));

        assertThat(shown(attach()))
                .containsExactly(
                        "message m1",
                        "m1/0 a",
                        "message m2",
                        "m2/0 ",
                        "message_complete m2",
                        "m1/1 b");
    }

    @Test
    void ofTwoThatEndedUnseenTheOneThatBeganFirstCounts() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a"));
        chat.ask("m2");
        cancel("m2");
        chat.append(last("m1", token, 1, "b"));

        assertThat(shown(attach()))
                .containsExactly(
                        "message m1",
                        "m1/0 a",
                        "message m2",
                        "m2/0 ",
                        "message_complete m2",
                        "m1/1 b",
                        "message_complete m1");
    }

    private void cancel(String message) {
        answer(chat.log().finish(Optional.of(Chat.USER), chunk(message, 0, "", CANCELLED)));
    }

    @Test
    void oldUnseenAnswersAreTrimmedButTheAnswerInProgressIsStillShown() {
        chat.converse("m1");
        chat.ask("m2");
        chat.append(batch("m2", chat.claimed("w1").token(), 0, "a"));
        REDIS.commands().xtrim(Keys.log(SESSION), XTrimArgs.Builder.minId("3-0"));

        assertThat(shown(attach())).containsExactly("message m2", "m2/0 a");
        seen(attach());
        assertThat(attach().unseen()).isEmpty();
    }

    @Test
    void aLogWhoseEntriesHaveExpiredBeginsAgainForTheSameOwner() {
        chat.converse("m1");
        EntryId before = chat.tail();
        REDIS.commands().del(Keys.log(SESSION));

        assertThat(answer(registry.attach(SESSION, new UserId("u2"), C1, true)))
                .isEqualTo(new Attach.Foreign());
        Attach.Attached attached = attach();
        assertThat(attached.start()).isEqualTo(attached.tail());
        assertThat(attached.tail().number()).isZero();
        assertThat(attached.tail().generation()).isNotEqualTo(before.generation());
        assertThat(attached.unseen()).isEmpty();
    }
}
