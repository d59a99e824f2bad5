package dev.antiphon.chaos.check;

import dev.antiphon.chaos.history.FaultKind;
import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.HistoryLine.Entry;
import dev.antiphon.chaos.history.HistoryLine.Event;
import dev.antiphon.chaos.history.RecordedHistory;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/// Two good sessions: one answer in three chunks and one cancelled answer each, a tab that reads all, one that left and
/// came back, one that joined in the second message, and one that was resynced after Redis had lost its last writes.
final class GoodHistory {

    static final String ONE = "s1";
    static final String OTHER = "s2";

    final List<HistoryLine> lines = new ArrayList<>();
    private long at = 60_000_000;

    GoodHistory() {
        lines.add(new HistoryLine.Run(0, 1, 4));
        session(ONE, 101);
        session(OTHER, 202);
    }

    RecordedHistory history() {
        return RecordedHistory.of(lines);
    }

    private long next() {
        return at += 1_000;
    }

    private void session(String session, long generation) {
        String reader = session + ".1";
        String leaver = session + ".2";
        open(reader, session, null);
        open(leaver, session, null);
        ask(session, "m1", 202);
        ask(session, "m1", 202); // twice
        List<Entry> log = log(session, generation);
        log.forEach(entry -> tell(reader, entry));
        log.subList(0, 3).forEach(entry -> tell(leaver, entry));
        close(leaver);
        open(leaver, session, log.get(2).id());
        log.subList(3, log.size()).forEach(entry -> tell(leaver, entry));
        ask(session, "m2", 503);
        ask(session, "m2", 202);
        lines.add(new HistoryLine.Cancel(next(), session, "m2", "gateway-1"));
        lines.add(new HistoryLine.Cancelled(next(), session, "m2", 202, "{}"));
        String late = session + ".3";
        open(late, session, null);
        log.stream()
                .filter(entry -> entry.data().contains("\"m2\""))
                .forEach(entry -> tell(late, entry));
        resynced(session, log);
        lines.addAll(log);
        lines.add(
                new HistoryLine.Messages(
                        next(), session, 200, turns(session, "m1", "m2").toString()));
        lines.add(new HistoryLine.Over(next(), session));
    }

    /// It had an entry that Redis lost, an entry 4 with another hash, and got a resync.
    private void resynced(String session, List<Entry> log) {
        String tab = session + ".4";
        open(tab, session, null);
        log.subList(0, 3).forEach(entry -> tell(tab, entry));
        EntryId before = EntryId.parse(log.get(2).id());
        String data = chunk(session, "m1", 2, "of another life ", null);
        EntryId forgotten = before.next(EventName.CHUNK, data.getBytes(StandardCharsets.UTF_8));
        lines.add(new Event(next(), tab, 1, forgotten.toString(), "chunk", data));
        lines.add(
                new HistoryLine.Fault(
                        next(), 1, FaultKind.REDIS_KILL, "redis-server", List.of(), List.of()));
        lines.add(new HistoryLine.Healed(next(), 1));
        close(tab);
        open(tab, session, forgotten.toString());
        String cursor = log.get(4).id();
        ObjectNode resync = turns(session, "m1");
        resync.put("reason", "rolled_back");
        resync.put("cursor", cursor);
        lines.add(new Event(next(), tab, 2, cursor, "resync", resync.toString()));
        log.subList(5, log.size()).forEach(entry -> tell(tab, entry));
    }

    // Pieces

    static String text(String session, String message) {
        return "what " + message + " of " + session + " asks";
    }

    private void ask(String session, String message, int status) {
        lines.add(
                new HistoryLine.Ask(next(), session, message, text(session, message), "gateway-1"));
        lines.add(new HistoryLine.Asked(next(), session, message, status, "{}"));
    }

    void open(String tab, String session, @Nullable String lastId) {
        int connection = lastId == null ? 1 : 2;
        lines.add(new HistoryLine.Open(next(), tab, connection, session, "gateway-1", lastId));
        lines.add(
                new Event(
                        next(),
                        tab,
                        connection,
                        null,
                        "connected",
                        "{\"connection_id\":\"c\",\"session_id\":\"" + session + "\"}"));
    }

    private void close(String tab) {
        lines.add(new HistoryLine.Close(next(), tab, 1, "ended"));
    }

    void tell(String tab, Entry entry) {
        lines.add(new Event(next(), tab, 1, entry.id(), entry.event(), entry.data()));
    }

    private List<Entry> log(String session, long generation) {
        String whole = DemoAnswer.to(text(session, "m1"));
        String begun = DemoAnswer.to(text(session, "m2")).substring(0, 30);
        List<Entry> log = new ArrayList<>();
        add(log, session, generation, "message", message(session, "m1"));
        add(
                log,
                session,
                generation,
                "chunk",
                chunk(session, "m1", 0, whole.substring(0, 20), null));
        add(
                log,
                session,
                generation,
                "chunk",
                chunk(session, "m1", 1, whole.substring(20, 50), null));
        Completion stop = new Completion("demo-gpt", 3, FinishReason.STOP);
        add(log, session, generation, "chunk", chunk(session, "m1", 2, whole.substring(50), stop));
        add(log, session, generation, "message_complete", complete("m1", stop));
        add(log, session, generation, "message", message(session, "m2"));
        add(log, session, generation, "chunk", chunk(session, "m2", 0, begun, null));
        Completion cancelled = new Completion("", null, FinishReason.CANCELLED);
        add(log, session, generation, "chunk", chunk(session, "m2", 1, "", cancelled));
        add(log, session, generation, "message_complete", complete("m2", cancelled));
        return log;
    }

    private void add(List<Entry> log, String session, long generation, String event, String data) {
        EntryId before =
                log.isEmpty() ? EntryId.start(generation) : EntryId.parse(log.getLast().id());
        EntryId id = before.next(EventName.of(event), data.getBytes(StandardCharsets.UTF_8));
        log.add(new Entry(at, session, id.toString(), event, data));
    }

    private static String message(String session, String message) {
        return "{\"message_id\":\"%s\",\"role\":\"user\",\"text\":\"%s\"}"
                .formatted(message, text(session, message));
    }

    static String complete(String message, Completion completion) {
        return new String(
                completion.messageComplete(new MessageId(message)), StandardCharsets.UTF_8);
    }

    static String chunk(
            String session, String message, int number, String text, @Nullable Completion end) {
        Chunk chunk =
                new Chunk(
                        new SessionId(session),
                        new MessageId(message),
                        number,
                        new ChunkBody.Content(text),
                        end,
                        Instant.EPOCH,
                        "c");
        return new String(chunk.encode(), StandardCharsets.UTF_8);
    }

    private static ObjectNode turns(String session, String... messages) {
        ObjectNode body = JsonMapper.shared().createObjectNode();
        ArrayNode turns = body.putArray("messages");
        for (String message : messages) {
            String whole = DemoAnswer.to(text(session, message));
            turns.addObject()
                    .put("message_id", message)
                    .put("answer", message.equals("m1") ? whole : whole.substring(0, 30))
                    .put("finish_reason", message.equals("m1") ? "stop" : "cancelled");
        }
        return body;
    }

    // Spoiling it

    /// The events of a tab, with the places of the lines.
    List<Integer> events(String tab, String event) {
        return places(line ->
                line instanceof Event each && each.tab().equals(tab) && each.event().equals(event));
    }

    List<Integer> entries(String session) {
        return places(line -> line instanceof Entry each && each.session().equals(session));
    }

    private List<Integer> places(Predicate<HistoryLine> wanted) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (wanted.test(lines.get(i))) {
                places.add(i);
            }
        }
        return places;
    }

    /// Rebuilds a session's log and what its first tab saw, with other entries but correct ids: the log that the
    /// product would have written. Removes all other tabs of the session.
    void rewrite(String session, UnaryOperator<List<Entry>> spoiled) {
        List<Entry> log = entries(session).stream().map(lines::get).map(Entry.class::cast).toList();
        long generation = EntryId.parse(log.getFirst().id()).generation();
        List<Entry> other = new ArrayList<>();
        for (Entry each : spoiled.apply(new ArrayList<>(log))) {
            add(other, session, generation, each.event(), each.data());
        }
        int place = entries(session).getFirst();
        int told = events(session + ".1", "message").getFirst();
        lines.subList(place, place + log.size()).clear();
        lines.addAll(place, other);
        lines.removeIf(line ->
                line instanceof Event each
                        && each.tab().startsWith(session + ".")
                        && !each.event().equals("connected"));
        lines.removeIf(line ->
                line instanceof HistoryLine.Open each
                        && each.session().equals(session)
                        && !each.tab().equals(session + ".1"));
        List<HistoryLine> events = new ArrayList<>();
        for (Entry each : other) {
            events.add(new Event(next(), session + ".1", 1, each.id(), each.event(), each.data()));
        }
        lines.addAll(told, events);
    }
}
