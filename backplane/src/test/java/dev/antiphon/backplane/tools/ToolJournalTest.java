package dev.antiphon.backplane.tools;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.last;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.tools.ToolBegin.Begun;
import dev.antiphon.backplane.tools.ToolBegin.Done;
import dev.antiphon.backplane.tools.ToolBegin.Fenced;
import dev.antiphon.backplane.tools.ToolBegin.TooMany;
import dev.antiphon.backplane.tools.ToolBegin.Unknown;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.UserId;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.charset.StandardCharsets;

final class ToolJournalTest {

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private final ToolJournal journal = new RedisToolJournal(REDIS.redis());
    private int tries;

    private ToolIntent intent(Token token, String step, String digest) {
        return new ToolIntent(SESSION, new MessageId("m1"), token, step, digest, "try" + ++tries);
    }

    private ToolIntent intent(Token token) {
        return intent(token, "call_tools:1", "abc1");
    }

    private ToolBegin begin(ToolIntent intent) {
        return answer(journal.begin(intent, false));
    }

    private boolean end(ToolIntent intent, String outcome) {
        return answer(journal.end(intent, outcome.getBytes(StandardCharsets.UTF_8)));
    }

    private Token claimed() {
        chat.ask("m1");
        return chat.claimed("w1").token();
    }

    /// The worker dies, and another takes over.
    private Token takenOver(String from, String by) {
        chat.dies(from);
        return chat.claimed(by).token();
    }

    @Test
    void aCallIsBegunOnceAndItsOutcomeIsFoundByTheNextAttempt() {
        Token first = claimed();
        ToolIntent intent = intent(first);

        assertThat(begin(intent)).isEqualTo(new Begun());
        assertThat(end(intent, "42")).isTrue();

        Token second = takenOver("w1", "w2");
        assertThat(begin(intent(second)))
                .isInstanceOfSatisfying(
                        Done.class, done -> assertThat(done.outcome()).asString().isEqualTo("42"));
    }

    @Test
    void aCallThatWasBegunAndNotEndedIsNotBegunAgain() {
        ToolIntent intent = intent(claimed());
        begin(intent);

        Token second = takenOver("w1", "w2");

        assertThat(begin(intent(second))).isEqualTo(new Unknown());
        assertThat(begin(intent(second))).isEqualTo(new Unknown());
    }

    @Test
    void oneThatMayBeRepeatedIs() {
        ToolIntent intent = intent(claimed());
        begin(intent);
        ToolIntent again = intent(takenOver("w1", "w2"));

        assertThat(answer(journal.begin(again, true))).isEqualTo(new Begun());
        assertThat(end(again, "42")).isTrue();
    }

    @Test
    void theSameAttemptDoesNotBeginTheSameStepTwiceEither() {
        Token token = claimed();
        begin(intent(token));

        assertThat(begin(intent(token))).isEqualTo(new Unknown());
    }

    @Test
    void aRepeatedCallOfTheScriptsAnswersTheSame() {
        ToolIntent intent = intent(claimed());

        assertThat(begin(intent)).isEqualTo(new Begun());
        assertThat(begin(intent)).isEqualTo(new Begun());
        assertThat(end(intent, "42")).isTrue();
        assertThat(end(intent, "42")).isTrue();
    }

    @Test
    void anotherCallAtTheSameStepCountsAsTheOneThatWasBegun() {
        Token token = claimed();
        ToolIntent intent = intent(token, "s", "abc1");
        begin(intent);
        end(intent, "42");

        assertThat(begin(intent(token, "s", "abc"))).isEqualTo(new Unknown());
        assertThat(begin(intent(token, "s", "def2"))).isEqualTo(new Unknown());
        assertThat(answer(journal.begin(intent(token, "s", "def2"), true))).isEqualTo(new Begun());
    }

    @Test
    void aWorkerThatHasLostTheRunNeitherBeginsNorEndsACall() {
        Token first = claimed();
        ToolIntent intent = intent(first);
        begin(intent);
        Token second = takenOver("w1", "w2");

        assertThat(end(intent, "42")).isFalse();
        assertThat(begin(intent(first, "other", "abc1"))).isEqualTo(new Fenced());
        assertThat(REDIS.commands().hgetall(key())).containsOnlyKeys(":owner", "i:call_tools:1");
        assertThat(begin(intent(second, "other", "abc1"))).isEqualTo(new Begun());
    }

    @Test
    void aTryThatAnotherTryReplacedDoesNotEndTheCall() {
        Token token = claimed();
        ToolIntent slow = intent(token);
        begin(slow);
        ToolIntent quick = intent(token);
        answer(journal.begin(quick, true));

        assertThat(end(slow, "late")).isFalse();
        assertThat(end(quick, "42")).isTrue();
    }

    @Test
    void whenTheMessageHasEndedNothingIsBegun() {
        Token token = claimed();
        chat.append(last("m1", token, 0, "."));

        assertThat(begin(intent(token))).isEqualTo(new Fenced());
    }

    @Test
    void callsBeyondTheBoundAreRefusedAndThoseWithinItContinue() {
        Token token = claimed();
        for (int i = 0; i < ToolJournal.MAX_CALLS; i++) {
            ToolIntent intent = intent(token, "s" + i, "abc1");
            assertThat(begin(intent)).isEqualTo(new Begun());
            end(intent, "42");
        }

        assertThat(begin(intent(token, "one more", "abc1"))).isEqualTo(new TooMany());
        assertThat(begin(intent(token, "s0", "abc1"))).isInstanceOf(Done.class);
    }

    @Test
    void theRecordsOfCallsExpire() {
        begin(intent(claimed()));

        assertThat(REDIS.commands().ttl(key()))
                .isBetween(ToolJournal.KEEP.toSeconds() - 60, ToolJournal.KEEP.toSeconds());
    }

    // A full Redis evicts single keys

    @Test
    void aCallWhoseJournalIsEvictedIsNotBegunAgain() {
        ToolIntent intent = intent(claimed());
        begin(intent);
        end(intent, "42");
        REDIS.commands().del(key());

        Token second = takenOver("w1", "w2");

        assertThat(begin(intent(second))).isEqualTo(new Unknown());
        assertThat(begin(intent(second, "other", "abc1"))).isEqualTo(new Begun());
        assertThat(answer(journal.begin(intent(second), true))).isEqualTo(new Begun());
    }

    @Test
    void aCallWhoseJournalIsEvictedMeanwhileIsEndedAllTheSame() {
        ToolIntent intent = intent(claimed());
        begin(intent);
        REDIS.commands().del(key());

        assertThat(begin(intent)).as("the same try again").isEqualTo(new Begun());
        REDIS.commands().del(key());
        assertThat(end(intent, "42")).isTrue();

        assertThat(begin(intent(takenOver("w1", "w2")))).isInstanceOf(Done.class);
    }

    @Test
    void aCallWhoseRunIsEvictedIsNotBegunAgainByTheAnswerFromTheBeginning() {
        ToolIntent intent = intent(claimed());
        begin(intent);
        for (String key :
                new String[] {Keys.meta(SESSION), Keys.run(SESSION, new MessageId("m1"))}) {
            REDIS.commands().del(key);
            chat.ask("m1");

            assertThat(begin(intent(takenOver("w1", "w1")))).isEqualTo(new Unknown());
        }
    }

    /// A tool's result is content.
    @Test
    void aNewOwnerOfAnExpiredSessionGetsNoEarlierToolResults() {
        ToolIntent intent = intent(claimed());
        begin(intent);
        end(intent, "42");
        REDIS.commands()
                .del(
                        Keys.meta(SESSION),
                        Keys.waiting(SESSION),
                        Keys.runs(SESSION),
                        Keys.run(SESSION, new MessageId("m1")));

        chat.ask(Chat.request(new UserId("u2"), "m1", "hi"));
        ToolIntent other = intent(chat.claimed("w1").token());

        assertThat(begin(other)).isEqualTo(new Begun());
    }

    private static String key() {
        return Keys.tools(SESSION, new MessageId("m1"));
    }
}
