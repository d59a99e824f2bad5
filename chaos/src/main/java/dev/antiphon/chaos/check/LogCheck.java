package dev.antiphon.chaos.check;

import dev.antiphon.chaos.check.Checker.Requests;
import dev.antiphon.chaos.check.Violation.Kind;
import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.protocol.AnswerText;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Checks a session's log at its end: the numbers, the terminals and the texts.
final class LogCheck {

    private final String session;
    private final Requests requests;
    private final List<Violation> violations;

    /// The data of each id, in the log's order.
    private final Map<String, String> dataById = new LinkedHashMap<>();

    private final Map<String, MessageChunks> answers = new LinkedHashMap<>();
    private final Map<String, CompleteAnswer> ended = new LinkedHashMap<>();
    private @Nullable EntryId last;

    /// The message whose final chunk was the previous entry.
    private @Nullable String justEnded;

    LogCheck(String session, Requests requests, List<Violation> violations) {
        this.session = session;
        this.requests = requests;
        this.violations = violations;
    }

    /// One message's chunks.
    private static final class MessageChunks {
        private final AnswerText text = new AnswerText();
        private int chunks;
        private @Nullable Completion completion;
        private boolean completed;
    }

    /// A complete answer.
    ///
    /// @param end the number of its `message_complete`
    record CompleteAnswer(String text, FinishReason reason, long end) {}

    void take(HistoryLine.Entry entry) {
        EntryId id = EntryId.parse(entry.id());
        follows(id, entry);
        dataById.put(entry.id(), entry.event() + " " + entry.data());
        String before = justEnded;
        justEnded = null;
        switch (EventName.of(entry.event())) {
            case MESSAGE -> asked(message(entry.data()));
            case CHUNK -> chunk(Chunk.decode(entry.data().getBytes(StandardCharsets.UTF_8)), id);
            case MESSAGE_COMPLETE -> completed(message(entry.data()), before, id);
            case CONNECTED, STATUS, RESYNC, REFUSED, SESSION, LIST ->
                    violated(Kind.GAP_IN_LOG, id + " is a " + entry.event());
        }
    }

    private void follows(EntryId id, HistoryLine.Entry entry) {
        EntryId before = last == null ? EntryId.start(id.generation()) : last;
        last = id;
        if (id.generation() != before.generation() || id.number() != before.number() + 1) {
            violated(Kind.GAP_IN_LOG, id + " comes after " + before);
        } else if (!follows(before, id, entry.event(), entry.data())) {
            violated(Kind.BROKEN_CHAIN, id + " does not follow from " + before);
        }
    }

    static boolean follows(EntryId before, EntryId id, String event, String data) {
        return before.next(EventName.of(event), data.getBytes(StandardCharsets.UTF_8)).equals(id);
    }

    static String message(String data) {
        JsonNode json = JsonMapper.shared().readTree(data);
        return json.path("message_id").asString("");
    }

    private void asked(String message) {
        if (!requests.texts().containsKey(message)) {
            violated(Kind.SWAPPED, message + " was not sent to this session");
        }
        if (answers.putIfAbsent(message, new MessageChunks()) != null) {
            violated(Kind.ANSWERED_TWICE, message + " is in the log twice");
        }
    }

    private void chunk(Chunk chunk, EntryId id) {
        String message = chunk.messageId().value();
        if (!chunk.sessionId().value().equals(session) || !requests.texts().containsKey(message)) {
            violated(Kind.SWAPPED, id + " belongs to " + chunk.sessionId() + " " + message);
            return;
        }
        MessageChunks answer = answers.computeIfAbsent(message, _ -> new MessageChunks());
        if (answer.completion != null) {
            violated(
                    chunk.isFinal() ? Kind.TWO_TERMINALS : Kind.AFTER_TERMINAL,
                    id + " comes after the end of " + message);
            return;
        }
        if (chunk.chunkId() != answer.chunks) {
            violated(
                    Kind.GAP_IN_CHUNKS,
                    "%s is chunk %d of %s instead of %d"
                            .formatted(id, chunk.chunkId(), message, answer.chunks));
        }
        answer.chunks = chunk.chunkId() + 1;
        answer.text.add(chunk.body());
        answer.completion = chunk.completion();
        justEnded = chunk.isFinal() ? message : null;
    }

    private void completed(String message, @Nullable String before, EntryId id) {
        MessageChunks answer = answers.get(message);
        if (answer == null || answer.completion == null) {
            violated(Kind.STUCK, id + " completes " + message + ", which has no final chunk");
        } else if (answer.completed) {
            violated(Kind.TWO_TERMINALS, id + " completes " + message + " again");
        } else {
            if (!message.equals(before)) {
                violated(Kind.GAP_IN_LOG, id + " is not the entry after the final chunk");
            }
            answer.completed = true;
            ended.put(
                    message,
                    new CompleteAnswer(
                            answer.text.toString(), answer.completion.finishReason(), id.number()));
        }
    }

    /// Must be called after the last entry.
    void end() {
        for (String message : requests.accepted()) {
            if (!answers.containsKey(message)) {
                violated(Kind.LOST_MESSAGE, message + " was accepted and is not in the log");
            }
        }
        answers.forEach((message, answer) -> {
            if (!answer.completed) {
                violated(Kind.STUCK, message + " has not ended after " + answer.chunks + " chunks");
            }
        });
        ended.forEach(this::answered);
        inTurn();
    }

    private void answered(String message, CompleteAnswer answer) {
        switch (answer.reason()) {
            case STOP -> {}
            case CANCELLED -> {
                if (!requests.cancelled().contains(message)) {
                    violated(Kind.FAILED, message + " was cancelled without a request");
                }
            }
            case ERROR, LENGTH ->
                    violated(Kind.FAILED, message + " ended with " + answer.reason().wire());
        }
        if (!requests.fits(message, answer.text(), answer.reason())) {
            violated(
                    Kind.WRONG_TEXT,
                    message
                            + " ("
                            + answer.reason().wire()
                            + ") was answered '"
                            + answer.text()
                            + "' instead of '"
                            + requests.texts().get(message)
                            + "'");
        }
    }

    /// A cancelled message leaves its turn early; all others end in the order in which they came.
    private void inTurn() {
        List<String> wanted = new ArrayList<>(answers.keySet());
        List<String> got = new ArrayList<>(ended.keySet());
        wanted.retainAll(got);
        wanted.removeAll(requests.cancelled());
        got.removeAll(requests.cancelled());
        if (!wanted.equals(got)) {
            violated(Kind.OUT_OF_TURN, "sent " + wanted + ", answered " + got);
        }
    }

    private void violated(Kind kind, String what) {
        violations.add(new Violation(kind, session, what));
    }

    /// Every entry by its id, in order.
    Map<String, String> dataById() {
        return dataById;
    }

    Map<String, CompleteAnswer> ended() {
        return ended;
    }

    /// The last entry; null when there is none.
    @Nullable EntryId tail() {
        return last;
    }
}
