package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.last;
import static dev.antiphon.backplane.log.Chat.request;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.RedisCleanups;
import dev.antiphon.backplane.log.RedisRecovery;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.RedisConnectionRegistry;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;

/// A Redis that is full and evicts removes single keys. Then data is lost, and readers get another generation; no entry
/// is doubled, and no user sees another user's data.
final class EvictionTest {

    private static final UserId STRANGER = new UserId("u2");

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private final RedisHistory history = new RedisHistory(REDIS.redis());
    private final RedisConnectionRegistry registry =
            new RedisConnectionRegistry(REDIS.redis(), new PodId("pod-1"));

    private void evict(String... keys) {
        assertThat(REDIS.commands().del(keys)).isEqualTo(keys.length);
    }

    private static String run(String message) {
        return Keys.run(SESSION, new MessageId(message));
    }

    private Attach attach(UserId user) {
        return answer(registry.attach(SESSION, user, new ConnectionId("c1"), true));
    }

    private List<String> turns(UserId user) {
        return answer(history.newest(SESSION, user)).map(HistoryTest::shown).orElse(List.of());
    }

    private void settle() {
        answer(history.settle(SESSION));
    }

    // Owners

    @Test
    void aStrangerGetsNothingWhenTheLogsRecordIsEvictedAndTheOwnerContinues() {
        chat.converse("m1");
        settle();
        evict(Keys.meta(SESSION));

        assertThat(attach(STRANGER)).isInstanceOf(Attach.Foreign.class);
        assertThat(chat.ask(request(STRANGER, "x1", "mine?"))).isInstanceOf(Accept.Foreign.class);
        assertThat(answer(history.newest(SESSION, STRANGER))).isEmpty();
        assertThat(answer(history.asked(SESSION, STRANGER, new MessageId("m1")))).isEmpty();
        assertThat(answer(history.erase(SESSION, STRANGER))).isEmpty();

        assertThat(turns(Chat.USER)).containsExactly("m1: done");
        assertThat(answer(history.sessions(Chat.USER, Optional.empty(), 10)).page())
                .extracting(Sessions.Summary::title)
                .containsExactly("hi");
        assertThat(attach(Chat.USER)).isInstanceOf(Attach.Attached.class);
        chat.converse("m2");
        settle();
        assertThat(turns(Chat.USER)).containsExactly("m1: done", "m2: done");
        assertThat(chat.run("m2", "parent")).isEqualTo("m1");
        assertThat(answer(history.erase(SESSION, Chat.USER))).isPresent();
        assertThat(turns(Chat.USER)).isEmpty();
    }

    @Test
    void aStrangerIsNotAnsweredWhatTheOwnerAsked() {
        chat.ask("m1");
        evict(Keys.meta(SESSION));

        assertThat(attach(STRANGER)).isInstanceOf(Attach.Foreign.class);
        assertThat(chat.ask(request(STRANGER, "x1", "mine?"))).isInstanceOf(Accept.Foreign.class);
        assertThat(chat.claimed("w1").request().userId()).isEqualTo(Chat.USER);
        assertThat(chat.transcript()).containsExactly("message m1");
        assertThat(attach(STRANGER)).isInstanceOf(Attach.Foreign.class);
    }

    @Test
    void aNewOwnerOfAnExpiredSessionSeesNoEarlierActivity() {
        think("m1", "my secret");
        evict(Keys.meta(SESSION), Keys.history(SESSION), Keys.runs(SESSION), run("m1"));
        assertThat(chat.ask(request(STRANGER, "m1", "mine"))).isInstanceOf(Accept.Accepted.class);
        assertThat(chat.run("m1", "parent")).as("no id of before either").isEmpty();
        chat.converseWith("m1");
        settle();

        assertThat(turns(STRANGER)).containsExactly("m1: done");
        assertThat(activity(STRANGER)).doesNotContain("secret");
        assertThat(REDIS.commands().exists(Keys.activity(SESSION))).isZero();
    }

    /// The state of the history when the turn alone belongs to another user.
    @Test
    void theActivityOfAnswersIsShownOnlyToItsOwner() {
        think("m1", "my secret");
        assertThat(activity(Chat.USER)).contains("my secret");
        REDIS.commands().hset(Keys.activity(SESSION), ":owner", STRANGER.value());
        assertThat(activity(Chat.USER)).doesNotContain("secret");
        REDIS.commands().hdel(Keys.activity(SESSION), ":owner");
        assertThat(activity(Chat.USER)).doesNotContain("secret");
    }

    private void think(String message, String reasoning) {
        chat.ask(message);
        Token token = chat.claimed("w1").token();
        Chunk thought =
                new Chunk(
                        SESSION,
                        new MessageId(message),
                        0,
                        new ChunkBody.Reasoning(reasoning),
                        null,
                        Instant.EPOCH,
                        "c");
        chat.append(
                new Batch(
                        SESSION,
                        new MessageId(message),
                        token,
                        0,
                        List.of(new Batch.Addition(EventName.CHUNK, thought.encode())),
                        Batch.Then.CONTINUE));
        chat.append(last(message, token, 1, "done"));
        settle();
    }

    private String activity(UserId user) {
        return new String(
                answer(history.newest(SESSION, user)).orElseThrow().turns().getFirst(),
                StandardCharsets.UTF_8);
    }

    /// Services use it in the names of a session's data.
    @Test
    void aSessionWhoseRecordIsEvictedKeepsItsIncarnation() {
        chat.ask("m1");
        String incarnation = chat.incarnation();
        evict(Keys.meta(SESSION));
        assertThat(chat.claimed("w1").incarnation()).as("from the run").isEqualTo(incarnation);
        REDIS.commands().del(Keys.meta(SESSION));
        chat.converseWith("m1");
        settle();
        evict(Keys.meta(SESSION), Keys.runs(SESSION), run("m1"));
        attach(Chat.USER);
        assertThat(chat.incarnation()).as("from the history").isEqualTo(incarnation);

        evict(Keys.meta(SESSION));
        answer(history.erase(SESSION, Chat.USER));
        assertThat(answer(new RedisCleanups(REDIS.redis()).take()).cleanup().orElseThrow())
                .satisfies(left -> assertThat(left.incarnation()).isEqualTo(incarnation))
                .satisfies(left -> assertThat(left.whole()).isTrue());
    }

    /// A key without an owner belongs to no user: a history from before it had its owner.
    @Test
    void aHistoryWithoutAnOwnerLetsNoUserIn() {
        chat.converse("m1");
        settle();
        REDIS.commands().hdel(Keys.history(SESSION), ":owner");
        assertThat(turns(Chat.USER)).containsExactly("m1: done");
        evict(Keys.meta(SESSION));

        assertThat(attach(STRANGER)).isInstanceOf(Attach.Foreign.class);
        assertThat(turns(STRANGER)).isEmpty();
        assertThat(attach(Chat.USER)).isInstanceOf(Attach.Foreign.class);
    }

    @Test
    void aUsersListShowsNoTitleOfAnother() {
        chat.converse("m1");
        settle();
        evict(Keys.meta(SESSION), Keys.history(SESSION), Keys.turns(SESSION), run("m1"));
        assertThat(chat.ask(request(STRANGER, "x1", "secret"))).isInstanceOf(Accept.Accepted.class);
        chat.converseWith("x1");
        settle();

        assertThat(answer(history.sessions(Chat.USER, Optional.empty(), 10)).page()).isEmpty();
        assertThat(answer(history.sessions(STRANGER, Optional.empty(), 10)).page())
                .extracting(Sessions.Summary::title)
                .containsExactly("secret");
    }

    // Order

    @Test
    void anEndedMessageWhoseRunIsEvictedIsNotAnsweredAgain() {
        chat.converse("m1");
        settle();
        evict(run("m1"));

        assertThat(chat.claim("m1", "w1", Token.mint())).isInstanceOf(Claim.Idle.class);
        assertThat(answer(chat.log().workState(SESSION, new MessageId("m1"))))
                .isInstanceOf(WorkState.AtRest.class);
        assertThat(chat.ask("m1")).isInstanceOf(Accept.Duplicate.class);
        assertThat(chat.transcript())
                .containsExactly("message m1", "m1/0 done", "message_complete m1");
    }

    @Test
    void aMessageBehindOneWhoseRunIsEvictedIsFound() {
        chat.ask("m1");
        chat.ask("m2");
        evict(run("m1"));
        REDIS.commands().zadd(Keys.OPEN, 0, SESSION + ":m2");

        assertThat(answer(new RedisRecovery(REDIS.redis()).sweep()))
                .map(overdue -> overdue.request().messageId())
                .contains(new MessageId("m2"));
    }

    @Test
    void anEndThatIsRepeatedIntoAnotherLogIsNotReturnedAsAnEntryOfThatLog() {
        chat.ask("m1");
        Batch last = last("m1", chat.claimed("w1").token(), 0, "done");
        chat.append(last);
        evict(Keys.meta(SESSION));
        chat.ask("m2");

        assertThat(chat.append(last)).isInstanceOf(Append.Fenced.class);
    }

    @Test
    void anEndedMessageThatIsNowhereElseIsAnsweredAgainInAnotherLog() {
        chat.converse("m1");
        long before = chat.tail().generation();
        evict(run("m1"));

        assertThat(chat.ask("m1")).isInstanceOf(Accept.Accepted.class);

        assertThat(chat.tail().generation()).isNotEqualTo(before);
        assertThat(chat.transcript()).containsExactly("message m1");
    }

    @Test
    void anAnswerWhoseRunIsEvictedBeginsAgainInAnotherLog() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "Hel", "lo"));
        evict(run("m1"));

        assertThat(chat.append(batch("m1", token, 2, "!"))).isInstanceOf(Append.Fenced.class);
        assertThat(chat.claim("m1", "w1", Token.mint())).isInstanceOf(Claim.Unknown.class);
        assertThat(chat.ask("m1")).isInstanceOf(Accept.Accepted.class);
        chat.converseWith("m1");

        assertThat(chat.transcript())
                .containsExactly("message m1", "m1/0 done", "message_complete m1");
    }

    @Test
    void anAnswerWhoseLogOrRecordIsEvictedBeginsAgainInAnotherLog() {
        for (String key : List.of(Keys.log(SESSION), Keys.meta(SESSION), Keys.runs(SESSION))) {
            REDIS.commands().flushall();
            chat.ask("m1");
            chat.ask("m2");
            Claim.Claimed first = chat.claimed("w1");
            chat.append(batch("m1", first.token(), 0, "Hel", "lo"));
            EntryId place = chat.tail();
            evict(key);

            Claim.Claimed again = chat.claimed("w1");

            assertThat(again.request().messageId()).isEqualTo(new MessageId("m1"));
            assertThat(again.nextChunk()).isZero();
            assertThat(again.streamed()).isEmpty();
            assertThat(chat.append(batch("m1", first.token(), 2, "!")))
                    .isInstanceOf(Append.Fenced.class);
            assertThat(chat.read(place, 10))
                    .isInstanceOfSatisfying(
                            Slice.Lost.class,
                            lost -> assertThat(lost.reason()).isEqualTo("other_generation"));
            chat.append(last("m1", again.token(), 0, "again"));
            assertThat(chat.transcript())
                    .containsExactly(
                            "message m1", "message m2", "m1/0 again", "message_complete m1");
            chat.converseWith("m2");
        }
    }

    /// It was in no queue, and the sweeper would check it only when its user had not answered for days.
    @Test
    void aRunThatWaitedForItsUserIsBegunAgainSoonWhenItsRecordIsEvicted() {
        List<Runnable> ways = List.of(() -> attach(Chat.USER), () -> turns(Chat.USER));
        for (Runnable comesBack : ways) {
            REDIS.commands().flushall();
            chat.ask("m1");
            Token token = chat.claimed("w1").token();
            List<Batch.Addition> asks = batch("m1", token, 0, "?").additions();
            chat.append(new Batch(SESSION, new MessageId("m1"), token, 0, asks, Batch.Then.PARK));
            evict(Keys.meta(SESSION));

            comesBack.run();

            assertThat(REDIS.commands().zscore(Keys.OPEN, "s1:m1"))
                    .isLessThan(System.currentTimeMillis() + 10_000.0);
            assertThat(chat.claimed("w1").nextChunk()).isZero();
        }
    }

    /// Otherwise the next end creates the index again, without the messages that ended before.
    @Test
    void nothingIsAppendedWithoutTheIndexOfRuns() {
        chat.converse("m1");
        chat.ask("m2");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m2", token, 0, "Hel"));
        long before = chat.tail().generation();
        evict(Keys.runs(SESSION), run("m1"));

        assertThat(chat.append(last("m2", token, 1, "lo"))).isInstanceOf(Append.Fenced.class);
        assertThat(chat.claimed("w1").request().messageId()).isEqualTo(new MessageId("m2"));
        chat.ask("m1");

        assertThat(chat.tail().generation()).isNotEqualTo(before);
        assertThat(chat.transcript()).containsExactly("message m2", "message m1");
    }

    @Test
    void anAnswerThatHasLostItsTurnBeginsAgain() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "Hel"));
        evict(Keys.waiting(SESSION));

        assertThat(chat.append(last("m1", token, 1, "lo"))).isInstanceOf(Append.Fenced.class);
        assertThat(chat.claimed("w1").nextChunk()).isZero();
        assertThat(chat.transcript()).containsExactly("message m1");
    }

    @Test
    void aMessageThatHasLostItsPlaceInTheLineGetsItBack() {
        chat.ask("m1");
        chat.ask("m2");
        evict(Keys.waiting(SESSION));

        assertThat(chat.claimed("w1").request().messageId()).isEqualTo(new MessageId("m1"));
        assertThat(chat.waiting()).containsExactly("m1", "m2");
        assertThat(chat.ask("m2"))
                .isInstanceOfSatisfying(
                        Accept.Accepted.class,
                        accepted -> assertThat(accepted.waitingBefore()).isEqualTo(1));
    }

    /// All possible events of one session, while any of its keys can disappear at any time.
    @Test
    void afterAnyEvictionNothingIsDoubledOrShownToAStranger() {
        int begunAgain = 0;
        for (long seed = 0; seed < 150; seed++) {
            REDIS.commands().flushall();
            Storm storm = new Storm(seed);
            storm.run();
            begunAgain += storm.generations.size() - 1;
        }
        assertThat(begunAgain).isGreaterThan(150); // otherwise the storm proves nothing
    }

    private final class Storm {

        private final long seed;
        private final SplittableRandom random;
        private final List<String> said = new ArrayList<>();

        /// The entries that each log was seen to hold, by its generation.
        private final Map<Long, List<String>> generations = new HashMap<>();

        private Claim.@Nullable Claimed claimed;
        private int next;

        Storm(long seed) {
            this.seed = seed;
            this.random = new SplittableRandom(seed);
        }

        void run() {
            try {
                for (int i = 0; i < 60; i++) {
                    step();
                    look();
                }
            } catch (Throwable e) {
                throw new AssertionError("seed " + seed + " after:\n" + String.join("\n", said), e);
            }
        }

        private void step() {
            switch (random.nextInt(12)) {
                case 0, 1 -> {
                    String message = message();
                    say("ask " + message, chat.ask(message));
                }
                case 2, 3 -> claim();
                case 4, 5, 6 -> append();
                case 7 -> say("attach", attach(Chat.USER));
                case 8 -> settleWhatIsThere();
                case 9 -> stranger();
                default -> evictAny();
            }
        }

        private void say(String what, Object answer) {
            said.add(what + " -> " + answer);
        }

        private String message() {
            return "m" + random.nextInt(4);
        }

        private void claim() {
            chat.lives("w1");
            Claim claim = chat.claim(random.nextBoolean() ? null : message(), "w1", Token.mint());
            say("claim", claim);
            if (claim instanceof Claim.Busy && claimed != null) {
                answer(chat.log().release(SESSION, claimed.request().messageId(), claimed.token()));
            } else if (claim instanceof Claim.Claimed now) {
                claimed = now;
                next = now.nextChunk();
                assertThat(now.streamed()).hasSize(next);
            }
        }

        private void append() {
            Claim.Claimed now = claimed;
            if (now == null) {
                return;
            }
            String message = now.request().messageId().value();
            boolean ends = random.nextInt(3) == 0;
            Append answer =
                    chat.append(
                            ends
                                    ? last(message, now.token(), next, "end")
                                    : batch(message, now.token(), next, "text"));
            say("append " + message + "/" + next, answer);
            if (answer instanceof Append.Appended) {
                next++;
            } else {
                claimed = null;
            }
        }

        /// Losing an answer before it is in the history is an error, and none of these calls causes it.
        private void settleWhatIsThere() {
            try {
                settle();
            } catch (CompletionException e) {
                assertThat(e).hasMessageContaining("has lost entries");
                said.add("settle -> " + e.getMessage());
            }
        }

        private void stranger() {
            boolean anythingLeft =
                    REDIS.commands().exists(Keys.meta(SESSION), Keys.history(SESSION)) > 0;
            if (anythingLeft) {
                assertThat(attach(STRANGER)).isInstanceOf(Attach.Foreign.class);
                assertThat(answer(history.newest(SESSION, STRANGER))).isEmpty();
                assertThat(answer(history.asked(SESSION, STRANGER, new MessageId(message()))))
                        .isEmpty();
            }
        }

        private void evictAny() {
            List<String> keys = REDIS.commands().keys("chat:*:s1*");
            keys.sort(null);
            if (!keys.isEmpty()) {
                String key = keys.get(random.nextInt(keys.size()));
                REDIS.commands().del(key);
                say("evict", key);
            }
        }

        /// Each log only grows, and each message has its chunks once and in order.
        private void look() {
            Optional<EntryId> tail = answer(chat.log().tail(SESSION));
            if (tail.isEmpty()
                    || !(chat.read(EntryId.start(tail.get().generation()), 1_000)
                            instanceof Slice.Entries slice)) {
                return;
            }
            List<String> shown = slice.entries().stream().map(Chat::shown).toList();
            List<String> before = generations.put(tail.get().generation(), shown);
            if (before != null && !before.isEmpty()) {
                assertThat(shown).startsWith(before.toArray(String[]::new));
            }
            assertThat(shown).doesNotHaveDuplicates();
            Map<String, Integer> chunks = new HashMap<>();
            for (String each : shown) {
                int slash = each.indexOf('/');
                if (slash > 0) {
                    int expected = chunks.merge(each.substring(0, slash), 1, Integer::sum) - 1;
                    assertThat(each).contains("/" + expected + " ");
                }
            }
        }
    }
}
