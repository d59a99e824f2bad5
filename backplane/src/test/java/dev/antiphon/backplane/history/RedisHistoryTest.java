package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.log.Admission;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.protocol.Keys;

import io.lettuce.core.RestoreArgs;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Optional;

/// The history's scripts.
final class RedisHistoryTest extends HistoryTest {

    private static final Duration KEEP = Duration.ofDays(10);

    private final RedisHistory history =
            new RedisHistory(REDIS.redis(), new Admission(Optional.empty()), KEEP);

    @Override
    History history() {
        return history;
    }

    @Override
    Conversations conversations() {
        return history;
    }

    @Test
    void historyIsKeptLongerThanTheLogAndTheOwnerLongerThanIt() {
        chat.converse("m1");
        settle();

        long log = REDIS.commands().ttl(Keys.log(SESSION));
        long turns = REDIS.commands().ttl(Keys.turns(SESSION));
        long owner = REDIS.commands().ttl(Keys.meta(SESSION));
        assertThat(turns).isGreaterThan(log);
        assertThat(REDIS.commands().ttl(Keys.history(SESSION))).isGreaterThan(log);
        assertThat(owner).isGreaterThan(turns);
    }

    @Test
    void historyIsKeptForAsLongAsTheOperatorSays() {
        chat.converse("m1");
        settle();

        assertThat(REDIS.commands().ttl(Keys.turns(SESSION)))
                .isBetween(KEEP.toSeconds() - 60, KEEP.toSeconds());
        assertThat(REDIS.commands().ttl(Keys.sessions(Chat.USER)))
                .isBetween(KEEP.toSeconds() - 60, KEEP.toSeconds());
    }

    @Test
    void aSessionWhoseHistoryHasExpiredIsNotListed() {
        chat.converse("m1");
        settle();
        REDIS.commands().zadd(Keys.sessions(Chat.USER), 1, SESSION.value());

        assertThat(answer(history.sessions(Chat.USER, Optional.empty(), 10)).page()).isEmpty();
    }

    @Test
    void settlingASessionThatIsNotThereWritesNothing() {
        settle();

        assertThat(REDIS.commands().dbsize()).isZero();
    }

    @Test
    void entriesThatRedisHasLostAreNotSettledAndHideNoLaterOnes() {
        chat.converse("m1");
        settle();
        byte[] meta = REDIS.commands().dump(Keys.meta(SESSION));
        byte[] log = REDIS.commands().dump(Keys.log(SESSION));
        chat.converse("m2");
        Unsettled lost = answer(history.unsettled(SESSION)).orElseThrow();
        RestoreArgs inPlace = RestoreArgs.Builder.ttl(0).replace();
        REDIS.commands().restore(Keys.meta(SESSION), meta, inPlace);
        REDIS.commands().restore(Keys.log(SESSION), log, inPlace);

        answer(history.settled(SESSION, lost)); // beyond the end
        chat.converse("m3");
        answer(history.settled(SESSION, lost)); // another place by now
        settle();

        assertThat(turns()).hasSize(2);
        assertThat(turns().getLast()).contains("m3");
    }
}
