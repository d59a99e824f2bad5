package dev.antiphon.backplane.history;

import static dev.antiphon.backplane.RealRedis.answer;
import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.batch;
import static dev.antiphon.backplane.log.Chat.chunk;
import static dev.antiphon.backplane.log.Chat.last;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.util.Comparator.comparing;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.RealRedis;
import dev.antiphon.backplane.history.SessionState.State;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.log.PlainLog;
import dev.antiphon.backplane.log.RedisPlainLog;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The behaviour of every history, over the logs in Redis.
abstract class HistoryTest {

    private static final Completion CANCELLED = new Completion("", null, FinishReason.CANCELLED);

    @RegisterExtension static final RealRedis REDIS = new RealRedis();

    final Chat chat = new Chat(REDIS);

    /// The history under test; the same object as {@link #conversations}.
    abstract History history();

    abstract Conversations conversations();

    void settle() {
        answer(history().settle(SESSION));
    }

    Optional<Recent> newest() {
        return answer(history().newest(SESSION, Chat.USER));
    }

    /// The turns in short form: `m1: answer`.
    List<String> turns() {
        return shown(newest().orElseThrow());
    }

    static List<String> shown(Recent recent) {
        return recent.turns().stream()
                .map(Json::readObject)
                .map(turn ->
                        turn.get("message_id").stringValue()
                                + ": "
                                + turn.get("answer").stringValue())
                .toList();
    }

    List<String> after(EntryId cursor) {
        return ((Slice.Entries) chat.read(cursor, 1_000))
                .entries().stream().map(Chat::shown).toList();
    }

    @Test
    void aSettledAnswerIsATurnAndTheLogContinuesAfterIt() {
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
        return answer(history().before(SESSION, new MessageId(message), mostCharacters)).stream()
                .map(said -> said.text() + "/" + said.answer())
                .toList();
    }

    private void said(WorkflowRequest request) {
        chat.ask(request);
        chat.converseWith(request.messageId().value());
    }

    @Test
    void theContextFollowsTheBranchAndNotTheOrderOfTheLog() {
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
    void theContextHasTheNewestWholeTurnsThatFit() {
        said(Chat.request(Chat.USER, "m1", "äöü")); // seven characters with its answer
        said(Chat.request(Chat.USER, "m2", "\ud83d\ude00")); // five
        chat.ask("m3");
        settle();

        assertThat(before("m3", 12)).containsExactly("\ud83d\ude00/done", "äöü/done");
        assertThat(before("m3", 11)).containsExactly("\ud83d\ude00/done");
        assertThat(before("m3", 4)).isEmpty();
    }

    @Test
    void aLongTurnThatFitsIsTakenHoweverItIsEncoded() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(last("m1", token, 0, "\u0001".repeat(20_000))); // six bytes each
        chat.ask("m2");
        settle();

        assertThat(before("m2", 20_002)).hasSize(1);
        assertThat(before("m2", 20_001)).isEmpty();
        assertThat(before("m2", 1_000)).isEmpty();
    }

    @Test
    void theContextEndsAtAnUnknownOrCircularParent() {
        said(Chat.following("m2", "m1", "one"));
        said(Chat.following("m1", "m2", "two"));
        said(Chat.following("nobody", "m3", "three"));
        settle();

        assertThat(before("m3", 100)).isEmpty();
        assertThat(before("m2", 21)).containsExactly("one/done", "two/done", "one/done");
    }

    /// A turn that cannot be read again would end its session permanently.
    @Test
    void anAnswerWithHalfACharacterIsATurnLikeAnyOther() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m1", token, 0, "a\ud83d", "\ude00b"));
        chat.append(last("m1", token, 2, "\ud83d"));
        settle();
        chat.ask("m2");

        assertThat(turns()).containsExactly("m1: a😀b\ufffd");
        assertThat(before("m2", 100)).containsExactly("hi/a😀b\ufffd");
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
    void anAnswerInProgressIsNotInTheHistoryButInTheLogAfterIt() {
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

    /// Its end is between the chunks of the answer before it, which must stay whole.
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
    void aRefusedMessageIsNotATurn() {
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

        assertThat(answer(history().newest(SESSION, stranger))).isEmpty();
        REDIS.commands().del(Keys.log(SESSION));
        assertThat(answer(history().newest(SESSION, stranger))).isEmpty();
        assertThat(turns()).containsExactly("m1: done");
    }

    @Test
    void aConversationContinuesWhereTheLogHasExpired() {
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

    // Events apart from the text

    private void append(String message, Token token, int chunkId, ChunkBody... bodies) {
        List<Batch.Addition> additions = new ArrayList<>();
        for (int i = 0; i < bodies.length; i++) {
            Chunk chunk =
                    new Chunk(
                            SESSION,
                            new MessageId(message),
                            chunkId + i,
                            bodies[i],
                            null,
                            Instant.EPOCH,
                            "c");
            additions.add(new Batch.Addition(EventName.CHUNK, chunk.encode()));
        }
        chat.append(
                new Batch(
                        SESSION,
                        new MessageId(message),
                        token,
                        chunkId,
                        additions,
                        Batch.Then.CONTINUE));
    }

    @Test
    void reasoningToolCallsAndTheirResultsBelongToTheTurn() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        append(
                "m1",
                token,
                0,
                new ChunkBody.Reasoning("I need "),
                new ChunkBody.Reasoning("two sums"),
                new ChunkBody.ToolCall("c1", "sum", "{\"a\""),
                new ChunkBody.ToolCall("c2", "sum", "{\"b\""),
                new ChunkBody.ToolCall("c1", "sum", ":1}"),
                new ChunkBody.ToolCall("c2", "sum", ":2}"),
                new ChunkBody.ToolResult("c1", "sum", "one"),
                new ChunkBody.ToolResult("c2", "sum", "two"));
        chat.append(last("m1", token, 8, "3"));
        settle();

        assertThat(new String(newest().orElseThrow().turns().getFirst(), StandardCharsets.UTF_8))
                .endsWith(
                        """
                        ,"activity":[{"type":"reasoning","text":"I need two sums"},\
                        {"type":"tool_call","call_id":"c1","name":"sum","arguments":"{\\"a\\":1}"},\
                        {"type":"tool_call","call_id":"c2","name":"sum","arguments":"{\\"b\\":2}"},\
                        {"type":"tool_result","call_id":"c1","name":"sum","result":"one"},\
                        {"type":"tool_result","call_id":"c2","name":"sum","result":"two"}]}\
                        """);
        chat.ask("m2");
        assertThat(before("m2", 100)).containsExactly("hi/3");
        assertThat(asked(Chat.USER, "m1")).isPresent();
    }

    private static ChunkBody.Status asks(String json) {
        ObjectNode details = Json.object();
        details.set(
                ChunkBody.Status.INTERRUPT, Json.readObject(json.getBytes(StandardCharsets.UTF_8)));
        return new ChunkBody.Status(ChunkBody.Status.INTERRUPT, details);
    }

    private static ChunkBody.Status answers(String text) {
        return new ChunkBody.Status(ChunkBody.Status.RESUMED, Json.object().put("answer", text));
    }

    @Test
    void questionsToTheUserAndTheirAnswersBelongToTheTurn() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        append(
                "m1",
                token,
                0,
                new ChunkBody.Status("kept", Json.object().put("handle", "resp_1:0")),
                asks("{\"question\":\"Which colour?\",\"answers\":[\"green\",\"black\"]}"),
                answers("green"),
                asks("{\"question\":{\"form\":[1]}}"),
                asks("{\"form\":2}"),
                answers("x".repeat(9_000)));
        chat.append(last("m1", token, 6, "done"));
        settle();

        ObjectNode turn = Json.readObject(newest().orElseThrow().turns().getFirst());
        assertThat(turn.path("activity").valueStream().limit(4).map(Object::toString))
                .containsExactly(
                        "{\"type\":\"question\",\"text\":\"Which colour?\"}",
                        "{\"type\":\"answer\",\"text\":\"green\"}",
                        "{\"type\":\"question\",\"text\":\"{\\\"form\\\":[1]}\"}",
                        "{\"type\":\"question\",\"text\":\"{\\\"form\\\":2}\"}");
        assertThat(turn.path("activity").get(4).path("text").stringValue("")).hasSize(8 * 1024);
        assertThat(turn.path("activity").get(4).path("cut").asBoolean()).isTrue();
    }

    @Test
    void ofManyLongResultsOnlySoMuchIsKept() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        for (int i = 0; i < 300; i++) {
            append(
                    "m1",
                    token,
                    i,
                    new ChunkBody.ToolResult("c" + i, "t", "\ud83d\ude00".repeat(5_000)));
        }
        chat.append(last("m1", token, 300, "."));
        settle();

        ObjectNode turn = Json.readObject(newest().orElseThrow().turns().getFirst());
        assertThat(turn.get("activity").size()).isEqualTo(200);
        assertThat(turn.get("activity").get(0).get("result").stringValue()).hasSize(8 * 1024);
        assertThat(turn.get("activity").get(0).get("cut").booleanValue()).isTrue();
        assertThat(turn.toString().length()).isLessThan(64 * 1024);
    }

    // Long answers

    /// Appends this many chunks, `x` each, like a worker that batches them.
    private void appendMany(String message, Token token, int from, int count) {
        String[] texts = Collections.nCopies(500, "x").toArray(String[]::new);
        for (int each = from; each < from + count; each += texts.length) {
            chat.append(batch(message, token, each, texts));
        }
    }

    @Test
    void anAnswerOfAnyLengthIsATurnAndIsReadInPages() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        appendMany("m1", token, 0, 21_000);
        chat.append(last("m1", token, 21_000, "."));
        long before = REDIS.calls("xrange");
        settle();

        assertThat(REDIS.calls("xrange") - before).isGreaterThan(21_000 / 1_000);
        assertThat(turns()).containsExactly("m1: " + "x".repeat(21_000) + ".");
        assertThat(newest().orElseThrow().cursor()).isEqualTo(chat.tail());
        assertThat(REDIS.commands().xlen(Keys.log(SESSION))).isEqualTo(10_000);
    }

    @Test
    void aLongAnswerKeepsItsBeginningWhenAnotherMessageIsCancelledInTheMiddle() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        appendMany("m1", token, 0, 1_500);
        chat.ask("m2");
        answer(chat.log().finish(Optional.of(Chat.USER), chunk("m2", 0, "", CANCELLED)));
        appendMany("m1", token, 1_500, 1_500);
        chat.append(last("m1", token, 3_000, "."));
        settle();

        assertThat(turns()).containsExactlyInAnyOrder("m1: " + "x".repeat(3_000) + ".", "m2: ");
    }

    @Test
    void manyShortAnswersAreSettledWithOneCall() {
        for (int i = 0; i < 400; i++) {
            chat.converse("m" + i);
        }
        settle();

        assertThat(chat.meta("settled")).isEqualTo("" + chat.tail().number());
        assertThat(turns()).hasSize(50).endsWith("m399: done");
    }

    /// Plain workers can answer two messages of a session at once.
    @Test
    void anAnswerThatIsUnderWayWhenTheOneBeforeItEndsKeepsItsBeginning() {
        PlainLog plain = new RedisPlainLog(REDIS.redis());
        Completion stop = new Completion("m", 1, FinishReason.STOP);
        chat.ask("m1");
        chat.ask("m2");
        answer(plain.append(List.of(chunk("m1", 0, "a", null)), false));
        answer(plain.append(List.of(chunk("m2", 0, "b", null)), false));
        answer(plain.append(List.of(chunk("m1", 1, "c", stop)), false));
        settle();
        answer(plain.append(List.of(chunk("m2", 1, "d", stop)), false));
        settle();

        assertThat(turns()).containsExactlyInAnyOrder("m1: ac", "m2: bd");
        assertThat(chat.meta("settled")).isEqualTo("" + chat.tail().number());
    }

    /// An answer without a turn might never end, and must not delay any other.
    @Test
    void anAnswerWithoutARequestDelaysNoOther() {
        PlainLog plain = new RedisPlainLog(REDIS.redis());
        chat.ask("m1");
        answer(plain.append(List.of(chunk("x", 0, "a", null)), false));
        chat.converseWith("m1");
        settle();

        assertThat(turns()).containsExactly("m1: done");
    }

    @Test
    void aLogThatLostEntriesBeforeTheyWereStoredSaysSoOnce() {
        chat.converse("m1");
        chat.converse("m2");
        REDIS.commands().del(Keys.log(SESSION));

        assertThatThrownBy(this::settle)
                .hasRootCauseInstanceOf(IllegalStateException.class)
                .hasStackTraceContaining("lost entries");
        settle();
        chat.converse("m3");
        settle();

        assertThat(turns()).containsExactly("m3: done");
    }

    // Sessions that are behind

    private List<SessionId> behind() {
        return answer(history().unsettledSessions(10));
    }

    @Test
    void anUnsettledSessionIsHandedOutOnceAndAgainLaterUntilItIsSettled() {
        chat.converse("m1");
        assertThat(behind()).isEmpty(); // its own caller settles it
        REDIS.commands().zadd(Keys.UNSETTLED, 0, SESSION.value());

        assertThat(behind()).containsExactly(SESSION);
        assertThat(behind()).isEmpty();
        REDIS.commands().zadd(Keys.UNSETTLED, 0, SESSION.value());
        settle();

        assertThat(behind()).isEmpty();
        assertThat(REDIS.commands().exists(Keys.UNSETTLED)).isZero();
    }

    @Test
    void aSessionThatIsGoneIsNotHandedOutForEver() {
        chat.converse("m1");
        REDIS.commands().del(Keys.meta(SESSION));
        settle();

        assertThat(REDIS.commands().exists(Keys.UNSETTLED)).isZero();
    }

    @Test
    void aSessionThatIsNotThereHasNoHistory() {
        settle();

        assertThat(newest()).isEmpty();
    }

    // The users' view

    private Recent page(@Nullable String before, int most) {
        return answer(
                        conversations()
                                .turns(
                                        SESSION,
                                        Chat.USER,
                                        Optional.ofNullable(before).map(MessageId::new),
                                        most))
                .orElseThrow();
    }

    @Test
    void olderTurnsComePageByPage() {
        for (int i = 1; i <= 5; i++) {
            chat.converse("m" + i);
        }
        settle();

        assertThat(shown(page(null, 2))).containsExactly("m4: done", "m5: done");
        assertThat(page(null, 2).more()).isTrue();
        assertThat(shown(page("m4", 2))).containsExactly("m2: done", "m3: done");
        assertThat(shown(page("m2", 2))).containsExactly("m1: done");
        assertThat(page("m2", 2).more()).isFalse();
        assertThat(page("m1", 2).turns()).isEmpty();
        assertThat(page("nobody", 2).turns()).isEmpty();
        assertThat(new String(page(null, 2).json(), StandardCharsets.UTF_8))
                .endsWith("\"cursor\":\"" + chat.tail() + "\",\"more\":true}");
    }

    /// Asks and answers one message in each session, in this order.
    private void converseIn(String... sessions) {
        for (String each : sessions) {
            SessionId session = new SessionId(each);
            MessageId message = new MessageId(Ids.mint("m"));
            answer(
                    chat.log()
                            .accept(
                                    new WorkflowRequest(
                                            message,
                                            session,
                                            Chat.USER,
                                            "About  " + each + "\n" + "x".repeat(100),
                                            RequestContext.empty(),
                                            null,
                                            Instant.EPOCH,
                                            "c")));
            Chunk last =
                    new Chunk(
                            session,
                            message,
                            0,
                            new ChunkBody.Content("done"),
                            new Completion("m", 1, FinishReason.STOP),
                            Instant.EPOCH,
                            "c");
            answer(chat.log().finish(Optional.empty(), last));
            answer(history().settle(session));
        }
    }

    private Sessions sessions(Optional<Sessions.Place> before, int most) {
        return answer(conversations().sessions(Chat.USER, before, most));
    }

    private static List<String> names(Sessions sessions) {
        return sessions.page().stream().map(each -> each.session().value()).toList();
    }

    @Test
    void aUsersSessionsAreListedTheOneAnsweredLastFirst() {
        Instant before = Instant.now().minusSeconds(3_600);
        converseIn("a", "b", "c", "a");
        Sessions all = sessions(Optional.empty(), 10);

        assertThat(names(all)).containsExactlyInAnyOrder("a", "b", "c");
        assertThat(all.page()).isSortedAccordingTo(comparing(Sessions.Summary::updated).reversed());
        assertThat(all.next()).isEmpty();
        Sessions.Summary c =
                all.page().stream()
                        .filter(each -> each.session().value().equals("c"))
                        .findFirst()
                        .orElseThrow();
        assertThat(c.title()).startsWith("About c xxx").hasSize(80).endsWith("…");
        assertThat(c.created()).isBetween(before, c.updated().plusSeconds(3_600));
        assertThat(answer(conversations().sessions(new UserId("u2"), Optional.empty(), 10)).page())
                .isEmpty();
    }

    @Test
    void sessionsComePageByPage() {
        converseIn("a", "b", "c", "d", "e");
        List<String> all = names(sessions(Optional.empty(), 10));
        Sessions first = sessions(Optional.empty(), 2);
        Sessions second = sessions(first.next(), 2);
        Sessions third = sessions(second.next(), 2);

        assertThat(Stream.of(first, second, third).flatMap(each -> names(each).stream()))
                .isEqualTo(all)
                .hasSize(5);
        assertThat(third.next()).isEmpty();
        assertThat(Sessions.Place.of(first.next().orElseThrow().toString()))
                .isEqualTo(first.next().orElseThrow());
    }

    @Test
    void settlingAgainDoesNotMoveASession() {
        converseIn("a", "b");
        Sessions before = sessions(Optional.empty(), 10);
        answer(history().settle(new SessionId("a")));

        assertThat(sessions(Optional.empty(), 10)).isEqualTo(before);
    }

    private Optional<WorkflowRequest> asked(UserId user, String message) {
        return answer(conversations().asked(SESSION, user, new MessageId(message)));
    }

    @Test
    void aMessagesRequestAndPlaceAreKnownEvenWhenItsRunHasExpired() {
        said(Chat.request(Chat.USER, "m1", "one"));
        said(Chat.request(Chat.USER, "m2", "two"));
        settle();
        assertThat(asked(Chat.USER, "m1")).hasValue(Chat.following("m1", "m1", "one"));
        assertThat(asked(Chat.USER, "m2")).hasValue(Chat.following("m1", "m2", "two"));

        REDIS.commands()
                .del(
                        Keys.run(SESSION, new MessageId("m1")),
                        Keys.run(SESSION, new MessageId("m2")));

        WorkflowRequest turn = asked(Chat.USER, "m2").orElseThrow();
        assertThat(turn.message()).isEqualTo("two");
        assertThat(turn.parentId()).isEqualTo(new MessageId("m1"));
        assertThat(asked(Chat.USER, "m1").orElseThrow().parentId()).isEqualTo(new MessageId("m1"));
        assertThat(asked(new UserId("u2"), "m2")).isEmpty();
        assertThat(asked(Chat.USER, "m3")).isEmpty();
    }

    // Erasing

    /// In short form: `RUNNING title`.
    private List<String> newestStates(UserId user) {
        return answer(conversations().newest(user)).stream()
                .map(each -> each.state() + " " + each.title())
                .toList();
    }

    private SessionState state(UserId user) {
        return answer(conversations().states(user, List.of(SESSION))).getFirst();
    }

    @Test
    void aSessionRunsWaitsAndRestsAndIsNotThereForOthers() {
        UserId other = new UserId("u2");
        assertThat(newestStates(Chat.USER)).isEmpty();

        chat.ask(Chat.request(Chat.USER, "m1", "hi  there"));
        assertThat(newestStates(Chat.USER)).containsExactly("RUNNING hi there");
        assertThat(state(other).state()).isEqualTo(State.DELETED);
        assertThat(newestStates(other)).isEmpty();

        Token token = chat.claimed("w1").token();
        chat.append(
                new Batch(
                        SESSION,
                        new MessageId("m1"),
                        token,
                        0,
                        batch("m1", token, 0, "which?").additions(),
                        Batch.Then.PARK));
        assertThat(newestStates(Chat.USER)).containsExactly("WAITING hi there");

        answer(chat.log().finish(Optional.of(Chat.USER), chunk("m1", 0, "", CANCELLED)));
        assertThat(state(Chat.USER)).isEqualTo(new SessionState(SESSION, State.IDLE, "hi there"));
        settle();
        assertThat(newestStates(Chat.USER)).containsExactly("IDLE hi there");

        answer(conversations().erase(SESSION, Chat.USER));
        assertThat(newestStates(Chat.USER)).isEmpty();
        assertThat(state(Chat.USER).state()).isEqualTo(State.DELETED);
    }

    @Test
    void aSessionIsRenamedByItsUserBeforeAndAfterItsFirstAnswer() {
        UserId other = new UserId("u2");
        assertThat(answer(conversations().rename(SESSION, Chat.USER, "early"))).isFalse();

        chat.ask("m1");
        assertThat(answer(conversations().rename(SESSION, other, "theirs"))).isFalse();
        assertThat(answer(conversations().rename(SESSION, Chat.USER, "ours"))).isTrue();
        assertThat(newestStates(Chat.USER)).containsExactly("RUNNING ours");
        chat.converseWith("m1");
        settle();
        assertThat(newestStates(Chat.USER)).containsExactly("IDLE ours");

        assertThat(answer(conversations().rename(SESSION, other, "theirs"))).isFalse();
        assertThat(answer(conversations().rename(SESSION, Chat.USER, "again"))).isTrue();
        assertThat(answer(conversations().sessions(Chat.USER, Optional.empty(), 5)).page())
                .extracting(Sessions.Summary::title)
                .containsExactly("again");
    }

    /// The newest active sessions of a user are listed, and outdated ones are removed.
    @Test
    void ofAUsersActiveSessionsTheNewestHundredAreNoted() {
        for (int i = 0; i < 103; i++) {
            REDIS.commands().zadd(Keys.active(Chat.USER), i, "s" + i);
        }
        chat.ask("m1");
        assertThat(REDIS.commands().zcard(Keys.active(Chat.USER))).isEqualTo(100);
        assertThat(newestStates(Chat.USER)).containsExactly("RUNNING hi");
        assertThat(REDIS.commands().zrange(Keys.active(Chat.USER), 0, -1))
                .containsExactly(SESSION.value());
        assertThat(REDIS.commands().ttl(Keys.active(Chat.USER))).isPositive();

        chat.converseWith("m1");
        answer(conversations().newest(Chat.USER)); // a moment ago: another can be on its way
        assertThat(REDIS.commands().zcard(Keys.active(Chat.USER))).isOne();
    }

    @Test
    void aLateCopyOfARequestDoesNotBringADeletedSessionBack() throws Exception {
        chat.ask("m1");
        assertThat(answer(conversations().erase(SESSION, Chat.USER))).isPresent();

        assertThat(answer(chat.log().accept(Chat.request("m1")))).isEqualTo(new Accept.Conflict());
        assertThat(newest()).isEmpty();
        assertThat(answer(chat.log().accept(Chat.request("m2"))))
                .isInstanceOf(Accept.Accepted.class);
    }

    @Test
    void nothingOfAnErasedSessionIsLeft() {
        chat.converse("m1");
        settle();
        chat.ask("m2");
        Token token = chat.claimed("w1").token();
        chat.append(batch("m2", token, 0, "a"));
        chat.ask("m3");
        chat.connect("pod-1:c1");
        answer(
                chat.log()
                        .refuse(
                                SESSION,
                                new MessageId("x"),
                                Batch.End.of(chunk("x", 0, "", CANCELLED))));

        Erased erased = answer(conversations().erase(SESSION, Chat.USER)).orElseThrow();

        assertThat(erased)
                .isEqualTo(
                        new Erased(Optional.of(new MessageId("m2")), Set.of(new PodId("pod-1"))));
        chat.dies("w1");
        assertThat(REDIS.commands().keys("*"))
                .as("what services keep is removed later")
                .containsExactlyInAnyOrder(
                        Keys.CLEANUPS, Keys.CLEANUP_DETAILS, Keys.erased(SESSION));
        assertThat(REDIS.commands().ttl(Keys.erased(SESSION)))
                .isBetween(1L, Policy.REMEMBER_ERASED.toSeconds());
        assertThat(newest()).isEmpty();
        assertThat(sessions(Optional.empty(), 10).page()).isEmpty();
        assertThat(asked(Chat.USER, "m1")).isEmpty();
        assertThat(answer(conversations().erase(SESSION, Chat.USER))).isEmpty();
    }

    @Test
    void aWorkerThatContinuesWritesNothingIntoAnErasedSession() {
        chat.ask("m1");
        Token token = chat.claimed("w1").token();
        answer(conversations().erase(SESSION, Chat.USER));

        assertThat(chat.append(batch("m1", token, 0, "a"))).isInstanceOf(Append.Fenced.class);
        settle();
        chat.ask("m2"); // the session has no owner again
        assertThat(chat.append(batch("m1", token, 0, "a"))).isInstanceOf(Append.Fenced.class);
        assertThat(turns()).isEmpty();
        assertThat(chat.run("m2", "parent")).isEmpty();
    }

    @Test
    void aStrangerErasesNothing() {
        chat.converse("m1");
        settle();

        assertThat(answer(conversations().erase(SESSION, new UserId("u2")))).isEmpty();
        assertThat(turns()).containsExactly("m1: done");
    }
}
