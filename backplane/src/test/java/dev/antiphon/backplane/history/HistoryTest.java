package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.chunk;
import static dev.antiphon.backplane.log.Chat.last;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// The scripts unsettled, settle and newest.
final class HistoryTest {

    private static final Completion CANCELLED = new Completion("", null, FinishReason.CANCELLED);

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    private final Chat chat = new Chat(REDIS);
    private final RedisHistory history = new RedisHistory(REDIS.redis());

    private void settle() {
        answer(history.settle(SESSION));
    }

    private Optional<Recent> newest() {
        return answer(history.newest(SESSION, Chat.USER));
    }

    /// The turns in short: `m1: answer`.
    private List<String> turns() {
        return newest().orElseThrow().turns().stream()
                .map(Json::readObject)
                .map(turn ->
                        turn.get("message_id").stringValue()
                                + ": "
                                + turn.get("answer").stringValue())
                .toList();
    }

    private List<String> after(EntryId cursor) {
        return ((Slice.Entries) chat.read(cursor, 1_000))
                .entries().stream().map(Chat::shown).toList();
    }

    @Test
    void aSettledAnswerIsATurnAndTheLogGoesOnAfterIt() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "Hel", "lo"));
        chat.append(last("m1", token, 2, "!"));
        settle();
        chat.ask("m2");

        assertThat(turns()).containsExactly("m1: Hello!");
        assertThat(after(newest().orElseThrow().cursor())).containsExactly("message m2");
    }

    @Test
    void aTurnIsWhatClientsGet() {
        chat.converse("m1");
        settle();
        Recent recent = newest().orElseThrow();

        assertThat(new String(recent.json(), StandardCharsets.UTF_8))
                .isEqualTo(
                        """
                        {"messages":[{"message_id":"m1","parent_id":null,"text":"hi","answer":"done",\
                        "finish_reason":"stop","model":"m","tokens_used":1,\
                        "timestamp":"2025-11-18T20:30:00Z"}],"cursor":"%s"}\
                        """
                                .formatted(chat.tail()));
    }

    private List<String> before(String message, int mostCharacters) {
        return answer(history.before(SESSION, new MessageId(message), mostCharacters)).stream()
                .map(said -> said.text() + "/" + said.answer())
                .toList();
    }

    private void said(WorkflowRequest request) {
        chat.ask(request);
        chat.converseWith(request.messageId().value());
    }

    @Test
    void whatWasSaidBeforeFollowsTheBranchAndNotTheOrderOfTheLog() {
        said(Chat.request(Chat.USER, "m1", "one"));
        said(Chat.request(Chat.USER, "m2", "two"));
        said(Chat.following("m1", "m3", "two again"));
        said(Chat.request(Chat.USER, "m4", "after the latest"));
        said(Chat.following("m2", "m5", "after two"));
        said(Chat.following("m6", "m6", "anew"));
        chat.ask("m7");
        settle();

        assertThat(before("m1", 100)).isEmpty();
        assertThat(before("m2", 100)).containsExactly("one/done");
        assertThat(before("m4", 100)).containsExactly("two again/done", "one/done");
        assertThat(before("m5", 100)).containsExactly("two/done", "one/done");
        assertThat(before("m6", 100)).isEmpty();
        assertThat(before("m7", 100)).containsExactly("anew/done");
    }

    @Test
    void whatWasSaidBeforeIsTheNewestThatFitsInWholeTurns() {
        said(Chat.request(Chat.USER, "m1", "äöü")); // seven characters with its answer
        said(Chat.request(Chat.USER, "m2", "\ud83d\ude00")); // five
        chat.ask("m3");
        settle();

        assertThat(before("m3", 12)).containsExactly("\ud83d\ude00/done", "äöü/done");
        assertThat(before("m3", 11)).containsExactly("\ud83d\ude00/done");
        assertThat(before("m3", 4)).isEmpty();
    }

    @Test
    void whatWasSaidBeforeEndsWhereAParentIsUnknownOrLeadsInACircle() {
        said(Chat.following("m2", "m1", "one"));
        said(Chat.following("m1", "m2", "two"));
        said(Chat.following("nobody", "m3", "three"));
        settle();

        assertThat(before("m3", 100)).isEmpty();
        assertThat(before("m2", 21)).containsExactly("one/done", "two/done", "one/done");
    }

    @Test
    void settlingAgainChangesNothing() {
        chat.converse("m1");
        chat.converse("m2");
        settle();
        List<String> turns = turns();

        settle();

        assertThat(turns).containsExactly("m1: done", "m2: done");
        assertThat(turns()).isEqualTo(turns);
        assertThat(chat.meta("settled")).isEqualTo("" + chat.tail().number());
    }

    @Test
    void whatIsInFlightIsNotInTheHistoryButInTheLogAfterIt() {
        chat.converse("m1");
        chat.ask("m2");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m2", token, 0, "a"));
        settle();

        assertThat(turns()).containsExactly("m1: done");
        assertThat(after(newest().orElseThrow().cursor())).containsExactly("message m2", "m2/0 a");
        chat.append(last("m2", token, 1, "b"));
        settle();
        assertThat(turns()).containsExactly("m1: done", "m2: ab");
    }

    /// Its end lies between the chunks of the answer before it, which must stay whole.
    @Test
    void aMessageCancelledInTheQueueSettlesWithTheAnswerAroundIt() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a"));
        chat.ask("m2");
        answer(chat.log().finish(Optional.of(Chat.USER), chunk("m2", 0, "", CANCELLED)));
        settle();
        assertThat(turns()).isEmpty();

        chat.append(last("m1", token, 1, "b"));
        settle();

        assertThat(turns()).containsExactlyInAnyOrder("m1: ab", "m2: ");
    }

    @Test
    void aRefusedMessageIsNoTurn() {
        chat.ask("m1");
        answer(
                chat.log()
                        .refuse(
                                SESSION,
                                new MessageId("x"),
                                Batch.End.of(chunk("x", 0, "", CANCELLED))));
        chat.converseWith("m1");
        settle();

        assertThat(turns()).containsExactly("m1: done");
    }

    @Test
    void theNewestFiftyTurnsAreShownOldestFirst() {
        for (int i = 0; i < 60; i++) {
            chat.converse("m" + i);
        }
        settle();

        assertThat(turns())
                .isEqualTo(IntStream.range(10, 60).mapToObj(i -> "m" + i + ": done").toList());
    }

    @Test
    void noMoreThan256KiBAreShownButOneTurnAlways() {
        for (String message : List.of("m1", "m2", "m3")) {
            chat.ask(message);
            Token token = chat.claimed("w1").token();
            chat.append(last(message, token, 0, "x".repeat(200_000)));
        }
        settle();

        assertThat(newest().orElseThrow().turns()).hasSize(1);
    }

    @Test
    void aStrangerIsShownNothingNeitherNowNorWhenTheLogHasExpired() {
        UserId stranger = new UserId("u2");
        chat.converse("m1");
        settle();

        assertThat(answer(history.newest(SESSION, stranger))).isEmpty();
        REDIS.commands().del(Keys.log(SESSION));
        assertThat(answer(history.newest(SESSION, stranger))).isEmpty();
        assertThat(turns()).containsExactly("m1: done");
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
    void aConversationGoesOnWhereTheLogHasExpired() {
        chat.converse("m1");
        settle();
        REDIS.commands().del(Keys.log(SESSION), Keys.run(SESSION, new MessageId("m1")));

        chat.converse("m2");
        settle();

        assertThat(turns()).containsExactly("m1: done", "m2: done");
        assertThat(newest().orElseThrow().cursor()).isEqualTo(chat.tail());
    }

    @Test
    void theLogIsTrimmedToWhatIsSettled() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        String[] texts = IntStream.range(0, 1_000).mapToObj(i -> "x").toArray(String[]::new);
        for (int from = 0; from < 12_000; from += texts.length) {
            chat.append(batch("m1", token, from, texts));
        }
        settle();
        assertThat(REDIS.commands().xlen(Keys.log(SESSION))).isEqualTo(12_001);

        chat.append(last("m1", token, 12_000, "."));
        chat.ask("m2");
        settle();

        assertThat(turns()).containsExactly("m1: " + "x".repeat(12_000) + ".");
        assertThat(REDIS.commands().xlen(Keys.log(SESSION))).isEqualTo(10_000);
        assertThat(after(newest().orElseThrow().cursor())).containsExactly("message m2");
    }

    @Test
    void aSessionThatIsNotThereHasNoHistory() {
        settle();

        assertThat(newest()).isEmpty();
        assertThat(REDIS.commands().dbsize()).isZero();
    }
}
