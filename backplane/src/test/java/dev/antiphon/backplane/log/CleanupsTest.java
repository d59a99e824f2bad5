package dev.antiphon.backplane.log;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.chunk;
import static dev.antiphon.backplane.log.Chat.last;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.history.RedisHistory;
import dev.antiphon.backplane.log.Cleanups.Cleanup;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.WorkflowRequest;

import io.lettuce.core.ScoredValue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// The scripts finish, append and erase leave clean-ups; clean and cleaned process them.
final class CleanupsTest {

    private static final Completion CANCELLED = new Completion("", null, FinishReason.CANCELLED);
    private static final String HANDLE = "resp_1:0";

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private final Cleanups cleanups = new RedisCleanups(REDIS.redis());

    private void cancel() {
        assertThat(answer(chat.log().finish(Optional.of(Chat.USER), chunk("m1", 0, "", CANCELLED))))
                .isInstanceOf(Finish.Finished.class);
    }

    private void erase() {
        RedisHistory history = new RedisHistory(REDIS.redis());
        assertThat(answer(history.erase(SESSION, Chat.USER))).isPresent();
    }

    private Token begin() {
        chat.ask(
                new WorkflowRequest(
                        new MessageId("m1"),
                        SESSION,
                        Chat.USER,
                        "hi",
                        RequestContext.of(Json.object().put("ai_provider", "openai")),
                        null,
                        Instant.EPOCH,
                        "c"));
        Token token = chat.claimed("w1").token();
        Batch kept = batch("m1", token, 0, "a");
        chat.append(
                new Batch(
                        SESSION,
                        kept.message(),
                        token,
                        0,
                        kept.additions(),
                        List.of(HANDLE),
                        Batch.Then.CONTINUE));
        chat.append(batch("m1", token, 1, "b"));
        return token;
    }

    private Optional<Cleanup> take() {
        return answer(cleanups.take()).cleanup();
    }

    private void timePasses() {
        for (ScoredValue<String> each : REDIS.commands().zrangeWithScores(Keys.CLEANUPS, 0, -1)) {
            REDIS.commands().zadd(Keys.CLEANUPS, 0, each.getValue());
        }
    }

    @Test
    void aCancelledMessageOfADeadWorkerIsLeftToAnyWorkerAtOnce() {
        begin();
        chat.dies("w1");
        String incarnation = chat.incarnation();

        cancel();

        Cleanup cleanup = take().orElseThrow();
        assertThat(cleanup)
                .isEqualTo(
                        new Cleanup(
                                "s1:" + incarnation + ":m1",
                                SESSION,
                                incarnation,
                                new MessageId("m1"),
                                false,
                                "openai",
                                List.of(HANDLE),
                                1,
                                false));
        assertThat(take()).as("it is another worker's for now").isEmpty();
        answer(cleanups.done(cleanup));
        assertThat(REDIS.commands().exists(Keys.CLEANUPS, Keys.CLEANUP_DETAILS)).isZero();
    }

    private void tell(Token token, int chunkId, String... handles) {
        Batch batch = batch("m1", token, chunkId, "x");
        chat.append(
                new Batch(
                        SESSION,
                        batch.message(),
                        token,
                        chunkId,
                        batch.additions(),
                        List.of(handles),
                        Batch.Then.CONTINUE));
    }

    @Test
    void everyPlaceThatAServiceKeepsAnAnswerAtIsLeft() {
        Token token = begin();
        tell(token, 2, "resp_2:0", "resp_3:0");
        tell(token, 3, HANDLE);
        chat.dies("w1");

        cancel();

        assertThat(take().orElseThrow().handles()).containsExactly("resp_2:0", "resp_3:0", HANDLE);
    }

    @Test
    void ofVeryManyPlacesTheNewestAreLeft() {
        Token token = begin();
        for (int i = 0; i < 70; i++) {
            tell(token, 2 + i, "resp_" + i + ":0");
        }
        chat.dies("w1");

        cancel();

        assertThat(take().orElseThrow().handles())
                .hasSize(64)
                .startsWith("resp_6:0")
                .endsWith("resp_69:0");
    }

    @Test
    void aLiveWorkerIsGivenTimeToDoItItself() {
        begin();

        cancel();

        assertThat(take()).isEmpty();
        timePasses();
        assertThat(take()).isPresent();
    }

    @Test
    void aReleasedRunIsLeftTooAndAMessageThatWasNeverBegunIsNot() {
        Token token = begin();
        answer(chat.log().release(SESSION, new MessageId("m1"), token));
        chat.ask("m2");
        answer(chat.log().finish(Optional.of(Chat.USER), chunk("m2", 0, "", CANCELLED)));
        assertThat(take()).isEmpty();

        cancel();

        assertThat(take()).isPresent();
    }

    @Test
    void aDeletedSessionIsLeftWithItsMessage() {
        begin();
        chat.dies("w1");
        String incarnation = chat.incarnation();

        erase();

        Cleanup cleanup = take().orElseThrow();
        assertThat(cleanup.whole()).isTrue();
        assertThat(cleanup.message()).isEqualTo(new MessageId("m1"));
        assertThat(cleanup.handles()).containsExactly(HANDLE);
        assertThat(cleanup.incarnation()).isEqualTo(incarnation);
    }

    @Test
    void aDeletedSessionWithoutAMessageGoesAtItsServicesToo() {
        chat.converse("m1");

        erase();

        Cleanup cleanup = take().orElseThrow();
        assertThat(cleanup.whole()).isTrue();
        assertThat(cleanup.message()).isNull();
    }

    @Test
    void anAnswerThatFailedHalfWayIsLeftAndAWholeOneIsNot() {
        Token token = begin();
        chat.append(last("m1", token, 2, "."));
        timePasses();
        assertThat(take()).isEmpty();
        REDIS.commands().flushall();

        Token other = begin();
        Completion error = new Completion("", null, FinishReason.ERROR);
        chat.append(
                new Batch(
                        SESSION,
                        new MessageId("m1"),
                        other,
                        2,
                        Batch.End.of(chunk("m1", 2, "", error)).additions(),
                        Batch.Then.END));
        timePasses();
        assertThat(take()).isPresent();
    }

    @Test
    void oneThatFailsTenTimesIsGivenUp() {
        begin();
        chat.dies("w1");
        cancel();
        for (int i = 1; i <= Policy.MOST_CLEANUP_TRIES; i++) {
            Cleanup cleanup = take().orElseThrow();
            assertThat(cleanup.tries()).isEqualTo(i);
            assertThat(cleanup.givenUp()).isFalse();
            timePasses();
        }

        assertThat(take().orElseThrow().givenUp()).isTrue();
        assertThat(REDIS.commands().exists(Keys.CLEANUPS, Keys.CLEANUP_DETAILS)).isZero();
    }

    @Test
    void aCleanUpWithoutRoomIsCountedOnce() {
        Object[] full =
                IntStream.range(0, 10_000)
                        .boxed()
                        .flatMap(i -> java.util.stream.Stream.of((Object) 9e15, "x" + i))
                        .toArray();
        REDIS.commands().zadd(Keys.CLEANUPS, full);
        begin();
        chat.dies("w1");

        cancel();

        assertThat(answer(cleanups.take()).leftOut()).isEqualTo(1);
        assertThat(answer(cleanups.take()).leftOut()).isZero();
        assertThat(REDIS.commands().zcard(Keys.CLEANUPS)).isEqualTo(10_000);
    }
}
