package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.chunk;
import static dev.antiphon.backplane.log.Chat.last;
import static dev.antiphon.backplane.log.Chat.request;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.RealRedis;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

final class ClaimTest {

    private static final Token T1 = new Token("t1");
    private static final Token T2 = new Token("t2");
    private static final Completion CANCELLED = new Completion("", null, FinishReason.CANCELLED);

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);

    @Test
    void whicheverDeliveryComesTheOldestMessageIsHandedOut() {
        chat.lives("w1");
        chat.ask("m1");
        chat.ask("m2");

        assertThat(chat.claim("m2", "w1", T1))
                .isEqualTo(
                        new Claim.Claimed(
                                request("m1"),
                                T1,
                                1,
                                0,
                                List.of(),
                                "",
                                List.of(),
                                chat.incarnation()));
        assertThat(chat.working("w1")).containsExactly("s1:m1");
        assertThat(chat.run("m1", "status")).isEqualTo("running");
        assertThat(chat.run("m2", "status")).isEqualTo("accepted");
    }

    @Test
    void aLongAnswerIsHandedOverInPagesAndWhole() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        List<String> texts = IntStream.range(0, 1_200).mapToObj(i -> i + " ").toList();
        chat.append(batch("m1", token, 0, texts.toArray(String[]::new)));
        chat.dies("w1");
        long before = REDIS.calls("xrange");

        Claim.Claimed claimed = chat.claimed("w2");

        assertThat(REDIS.calls("xrange") - before).isEqualTo(3);
        assertThat(claimed.streamed())
                .hasSize(1_200)
                .last()
                .isEqualTo(chunk("m1", 1_199, "1199 ", null).encode());
    }

    @Test
    void theSessionsNextMessageFollowsWhenOneHasEnded() {
        chat.ask("m1");
        chat.ask("m2");
        chat.append(last("m1", chat.claimed("w1").token(), 0, "."));

        assertThat(chat.claim("w1", T2))
                .isEqualTo(
                        new Claim.Claimed(
                                request("m2"),
                                T2,
                                1,
                                0,
                                List.of(),
                                "",
                                List.of(),
                                chat.incarnation()));
        assertThat(chat.working("w1")).containsExactly("s1:m2");
    }

    @Test
    void theIncarnationStaysWhenALogBeginsAgainForTheSameOwner() {
        chat.ask("m1");
        String first = chat.claimed("w1").incarnation();
        String generation = chat.meta("gen");
        REDIS.commands().del(Keys.log(Chat.SESSION), Keys.waiting(Chat.SESSION)); // as by expiry

        chat.ask("m2");

        assertThat(chat.claimed("w1").incarnation()).isEqualTo(first).isNotEmpty();
        assertThat(chat.meta("gen")).isNotEqualTo(generation);
    }

    @Test
    void theIncarnationIsAnotherWhenTheNameIsTakenAgain() {
        chat.ask("m1");
        String first = chat.claimed("w1").incarnation();
        REDIS.commands().flushall(); // as after the deletion or the expiry of the session

        chat.ask("m1");

        assertThat(chat.claimed("w1").incarnation()).isNotEqualTo(first).isNotEmpty();
    }

    @Test
    void aSessionThatIsOlderThanIncarnationsHasNone() {
        chat.ask("m1");
        REDIS.commands().hdel(Keys.meta(Chat.SESSION), "incarnation");
        REDIS.commands().hdel(Keys.run(Chat.SESSION, new MessageId("m1")), "incarnation");
        chat.ask("m2");

        assertThat(chat.claimed("w1").incarnation()).isEmpty();
    }

    @Test
    void aSessionWithoutUnfinishedMessagesIsIdle() {
        chat.converse("m1");

        assertThat(chat.claim("w1", T2)).isEqualTo(new Claim.Idle());
        assertThat(chat.claim("m1", "w1", T2)).isEqualTo(new Claim.Idle());
    }

    @Test
    void aDeliveredMessageThatWasNotAcceptedIsUnknown() {
        assertThat(chat.claim("m1", "w1", T1)).isEqualTo(new Claim.Unknown());
        assertThat(chat.claim("w1", T1)).isEqualTo(new Claim.Idle());
        chat.ask("m1");
        assertThat(chat.claim("m2", "w1", T1)).isEqualTo(new Claim.Unknown());
        assertThat(chat.run("m1", "status")).isEqualTo("accepted");
    }

    @Test
    void aRunWhoseWorkerLivesIsBusyForEverybody() {
        chat.ask("m1");
        Token held = chat.claimed("w1").token();
        chat.lives("w2");

        assertThat(chat.claim("m1", "w2", T2)).isEqualTo(new Claim.Busy());
        assertThat(chat.claim("m1", "w1", T2)).isEqualTo(new Claim.Busy());
        assertThat(chat.append(batch("m1", held, 0, "on"))).isInstanceOf(Append.Appended.class);
    }

    /// The first answer was lost on the way. Only a call with the same token may get it again.
    @Test
    void aRepeatedCallIsAnsweredAsTheFirstAndCountsOnce() {
        chat.lives("w1");
        chat.ask("m1");
        Claim first = chat.claim("m1", "w1", T1);

        assertThat(chat.claim("m1", "w1", T1)).isEqualTo(first);
        assertThat(chat.run("m1", "attempts")).isEqualTo("1");
        chat.dies("w1");
        assertThat(chat.claim("m1", "w1", T1)).isEqualTo(first);
        assertThat(chat.run("m1", "attempts")).isEqualTo("1");
    }

    @Test
    void aDeadWorkersRunIsTakenOverWithWhatItHasStreamed() {
        chat.ask("m1");
        Token first = chat.claimed("w1").token();
        chat.append(batch("m1", first, 0, "a", "b"));
        chat.append(batch("m1", first, 2, "c"));
        chat.dies("w1");
        chat.lives("w2");

        assertThat(chat.claim("m1", "w2", T2))
                .isInstanceOfSatisfying(
                        Claim.Claimed.class,
                        claimed -> {
                            assertThat(claimed.attempt()).isEqualTo(2);
                            assertThat(claimed.nextChunk()).isEqualTo(3);
                            assertThat(claimed.streamed())
                                    .containsExactly(
                                            chunk("m1", 0, "a", null).encode(),
                                            chunk("m1", 1, "b", null).encode(),
                                            chunk("m1", 2, "c", null).encode());
                        });
        assertThat(chat.working("w1")).isEmpty();
        assertThat(chat.working("w2")).containsExactly("s1:m1");
        assertThat(chat.append(batch("m1", first, 3, "zombie"))).isEqualTo(new Append.Fenced());
        assertThat(chat.append(batch("m1", T2, 3, "d"))).isInstanceOf(Append.Appended.class);
    }

    @Test
    void aWorkerWhoseLeaseHasLapsedTakesNothingOverNotEvenItsOwnRun() {
        chat.ask("m1");
        Token first = chat.claimed("w1").token();
        chat.dies("w1");

        for (int copy = 0; copy <= Policy.MOST_ATTEMPTS; copy++) {
            assertThat(chat.claim("m1", "w1", T2)).isEqualTo(new Claim.Busy());
            assertThat(chat.claim("m1", "w2", T2)).isEqualTo(new Claim.Busy());
        }
        assertThat(chat.run("m1", "attempts")).isEqualTo("1");
        assertThat(chat.append(batch("m1", first, 0, "x"))).isInstanceOf(Append.Appended.class);
        chat.lives("w2");
        assertThat(chat.claim("m1", "w2", T2)).isInstanceOf(Claim.Claimed.class);
    }

    @Test
    void entriesOfOtherMessagesAreNotPartOfThePrefix() {
        chat.ask("m1");
        Token first = chat.claimed("w1").token();
        chat.append(batch("m1", first, 0, "a"));
        chat.ask("m2");
        answer(chat.log().finish(Optional.of(Chat.USER), chunk("m2", 0, "", CANCELLED)));
        answer(
                chat.log()
                        .refuse(
                                SESSION,
                                new MessageId("m1-of-a-stranger"),
                                Batch.End.of(chunk("m1-of-a-stranger", 0, "no", CANCELLED))));
        chat.append(batch("m1", first, 1, "b"));
        chat.dies("w1");

        assertThat(chat.claimed("w2").streamed())
                .extracting(bytes -> Chunk.decode(bytes).chunkId())
                .containsExactly(0, 1);
    }

    @Test
    void aRunThatWasBegunTooOftenIsPoison() {
        chat.ask("m1");
        for (int i = 0; i < Policy.MOST_ATTEMPTS; i++) {
            chat.claimed("worker-" + i);
            chat.dies("worker-" + i);
        }
        chat.lives("w2");

        assertThat(chat.claim("m1", "w2", T2)).isEqualTo(new Claim.Poison(request("m1")));
        assertThat(chat.claim("m1", "w2", T2)).isEqualTo(new Claim.Poison(request("m1")));
        assertThat(chat.run("m1", "attempts")).isEqualTo("" + Policy.MOST_ATTEMPTS);
        chat.ask("m2");
        assertThat(chat.claim("m2", "w2", T2)).isEqualTo(new Claim.Poison(request("m1")));
        answer(chat.log().finish(Optional.empty(), chunk("m1", 0, "", CANCELLED)));
        assertThat(chat.claimed("w2").request()).isEqualTo(request("m2"));
    }
}
