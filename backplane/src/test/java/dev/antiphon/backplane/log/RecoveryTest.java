package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.request;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.log.Recovery.Orphan;
import dev.antiphon.backplane.log.Recovery.Overdue;
import dev.antiphon.backplane.registry.Lease;
import dev.antiphon.backplane.registry.RedisLease;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.WorkerId;

import io.lettuce.core.Range;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The scripts orphans and sweep, and the lease that they read.
final class RecoveryTest {

    private static final WorkerId W1 = new WorkerId("w1");
    private static final WorkerId W2 = new WorkerId("w2");

    /// When the sweeper checks a message that is next and has no worker; and any other message, in milliseconds.
    private static final long SOON = 5_000;

    private static final long LATER = 300_000;

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private final RedisRecovery recovery = new RedisRecovery(REDIS.redis());

    private List<Orphan> orphans(WorkerId worker) {
        return answer(recovery.orphans(worker));
    }

    private Optional<Overdue> sweep() {
        return answer(recovery.sweep());
    }

    /// Makes the next check of a message due now.
    private void due(String message) {
        REDIS.commands().zadd(Keys.OPEN, 1, "s1:" + message);
    }

    private long dueInMillis(String message) {
        List<String> time = REDIS.commands().time();
        long now = Long.parseLong(time.get(0)) * 1000 + Long.parseLong(time.get(1)) / 1000;
        return REDIS.commands().zscore(Keys.OPEN, "s1:" + message).longValue() - now;
    }

    @Test
    void aWorkerIsKnownFromItsFirstRenewalAndLivesForALease() {
        Lease lease = new RedisLease(REDIS.redis(), W1);
        assertThat(answer(recovery.workers())).isEmpty();

        answer(lease.renew());

        assertThat(answer(recovery.workers())).containsExactly(W1);
        assertThat(REDIS.commands().pttl(Keys.lease(W1))).isBetween(1L, Policy.LEASE.toMillis());
        answer(lease.end());
        assertThat(REDIS.commands().exists(Keys.lease(W1))).isZero();
        answer(lease.end());
    }

    @Test
    void theRunsOfALiveWorkerAreNotOrphans() {
        chat.ask("m1");
        chat.claimed("w1");

        assertThat(orphans(W1)).isEmpty();
        assertThat(chat.working("w1")).containsExactly("s1:m1");
    }

    @Test
    void theRunsOfADeadWorkerAreFoundUntilSomebodyHasThem() {
        REDIS.commands().sadd(Keys.WORKERS, "w1");
        chat.ask("m1");
        chat.claimed("w1");
        chat.dies("w1");

        assertThat(orphans(W1)).containsExactly(new Orphan(request("m1"), 1, 1));
        assertThat(orphans(W1)).containsExactly(new Orphan(request("m1"), 1, 1));
        assertThat(answer(recovery.workers())).containsExactly(W1);
        chat.claimed("w2");
        assertThat(orphans(W1)).isEmpty();
        assertThat(answer(recovery.workers())).isEmpty();
        assertThat(chat.working("w2")).containsExactly("s1:m1");
        chat.dies("w2");
        assertThat(orphans(W2)).extracting(Orphan::occasion).containsExactly("r2.1");
    }

    /// The queue might have given the first copy to a worker that does nothing with it.
    @Test
    void anOrphanThatIsNotClaimedIsAskedForAgainAfterPausesThatDouble() {
        chat.ask("m1");
        chat.claimed("w1");
        chat.dies("w1");
        assertThat(orphans(W1)).extracting(Orphan::copy).containsExactly(1);

        for (int copy = 2; copy <= 4; copy++) {
            long pause = Policy.COPY_AGAIN_AFTER.toMillis() << (copy - 2);
            passSinceOrphaned(pause / 2);
            assertThat(orphans(W1)).extracting(Orphan::copy).containsExactly(copy - 1);
            passSinceOrphaned(pause / 2);
            assertThat(orphans(W1)).extracting(Orphan::copy).containsExactly(copy);
        }

        chat.claimed("w2");
        chat.dies("w2");
        assertThat(orphans(W2)).containsExactly(new Orphan(request("m1"), 2, 1));
    }

    /// As if the orphan had been found this much earlier.
    private void passSinceOrphaned(long millis) {
        String[] orphaned = chat.run("m1", "orphaned").split(":", 2);
        long since = Long.parseLong(orphaned[1]) - millis;
        REDIS.commands()
                .hset(
                        Keys.run(SESSION, new MessageId("m1")),
                        "orphaned",
                        orphaned[0] + ":" + since);
    }

    @Test
    void aDeadWorkerWithoutRunsIsForgotten() {
        answer(new RedisLease(REDIS.redis(), W1).renew());
        chat.dies("w1");
        chat.ask("m1");
        REDIS.commands().sadd(Keys.working(W1), "s1:m1", "s1:long-gone");

        assertThat(orphans(W1)).isEmpty();
        assertThat(answer(recovery.workers())).isEmpty();
        assertThat(chat.working("w1")).isEmpty();
    }

    /// A Redis that lost its last writes restores the claim of a run that has long ended.
    @Test
    void aClaimThatItsOwnWorkerKnowsNothingOfIsFound() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();

        assertThat(answer(recovery.strays(W1, _ -> true))).isEmpty();
        assertThat(answer(recovery.strays(W2, _ -> false))).isEmpty();
        assertThat(answer(recovery.strays(W1, session -> !session.equals(SESSION))))
                .containsExactly(new Recovery.Stray(SESSION, new MessageId("m1"), token));
        answer(chat.log().release(SESSION, new MessageId("m1"), token));
        assertThat(answer(recovery.strays(W1, _ -> false))).isEmpty();
        REDIS.commands().sadd(Keys.working(W1), "s1:m1", "s1:m2", "other:m1");
        assertThat(answer(recovery.strays(W1, _ -> false))).isEmpty();
    }

    @Test
    void aMessageWithinItsTimeIsLeftAlone() {
        chat.ask("m1");

        assertThat(sweep()).isEmpty();
        assertThat(dueInMillis("m1")).isBetween(1L, SOON);
    }

    @Test
    void anOverdueMessageIsHandedToOneWhoAsksAndThenLater() {
        chat.ask("m1");
        due("m1");

        assertThat(sweep()).contains(new Overdue(request("m1"), 1));
        assertThat(sweep()).isEmpty();
        assertThat(dueInMillis("m1")).isBetween(1L, 5_000L);
        due("m1");
        assertThat(sweep()).contains(new Overdue(request("m1"), 2));
        assertThat(dueInMillis("m1")).isBetween(5_001L, 10_000L);
        for (int i = 0; i < 20; i++) {
            due("m1");
            sweep();
        }
        assertThat(dueInMillis("m1")).isBetween(240_000L, 300_000L);
    }

    @Test
    void aMessageThatALiveWorkerIsAtIsNotHandedOut() {
        chat.ask("m1");
        chat.claimed("w1");
        due("m1");

        assertThat(sweep()).isEmpty();
        assertThat(dueInMillis("m1")).isBetween(SOON + 1, LATER);
        chat.dies("w1");
        due("m1");
        assertThat(sweep()).isPresent();
    }

    @Test
    void aMessageIsLookedAtSoonOnlyWhileItIsItsTurnAndNoWorkerHasIt() {
        chat.ask("m1");
        chat.ask("m2");
        assertThat(dueInMillis("m1")).isBetween(1L, SOON);
        assertThat(dueInMillis("m2")).isBetween(SOON + 1, LATER);

        Claim.Claimed first = chat.claimed("w1");
        assertThat(dueInMillis("m1")).isBetween(SOON + 1, LATER);
        answer(chat.log().release(SESSION, new MessageId("m1"), first.token()));
        assertThat(dueInMillis("m1")).isBetween(1L, SOON);

        Claim.Claimed second = chat.claimed("w1");
        chat.append(Chat.last("m1", second.token(), 0, "done"));
        assertThat(dueInMillis("m2")).isBetween(1L, SOON);
        assertThat(chat.open()).containsExactly("s1:m2");
    }

    @Test
    void anOverdueMessageIsFoundBehindAnyNumberOfHealthyOnes() {
        chat.ask("m1");
        due("m1");
        chat.lives("w1");
        for (int i = 0; i < 5 * Policy.MOST_SWEPT_AT_ONCE; i++) {
            REDIS.commands().hset("chat:run:busy" + i + ":m", "status", "running");
            REDIS.commands().hset("chat:meta:busy" + i, Map.of("active", "m", "worker", "w1"));
            REDIS.commands().zadd(Keys.OPEN, 0, "busy" + i + ":m");
        }

        assertThat(sweep()).contains(new Overdue(request("m1"), 1));
        assertThat(REDIS.commands().zcount(Keys.OPEN, Range.create(0, 1))).isZero();
    }

    @Test
    void aMessageIsHandedOutOnlyWhenItIsItsTurn() {
        chat.ask("m1");
        chat.ask("m2");
        due("m2");

        assertThat(sweep()).isEmpty();
        due("m1");
        due("m2");
        assertThat(sweep())
                .map(overdue -> overdue.request().messageId())
                .contains(new MessageId("m1"));
        assertThat(sweep()).isEmpty();
    }

    @Test
    void aReleasedRunIsOverdueWhenNoWorkerTakesIt() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        answer(chat.log().release(SESSION, new MessageId("m1"), token));
        due("m1");

        assertThat(sweep()).contains(new Overdue(request("m1"), 1));
    }

    @Test
    void endedAndUnknownMessagesLeaveTheList() {
        chat.converse("m1");
        due("m1");
        due("never-was");

        assertThat(sweep()).isEmpty();
        assertThat(chat.open()).isEmpty();
    }
}
