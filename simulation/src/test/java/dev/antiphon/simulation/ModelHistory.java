package dev.antiphon.simulation;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.Asked;
import dev.antiphon.backplane.history.LogPage;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.Said;
import dev.antiphon.backplane.history.Settlement;
import dev.antiphon.backplane.history.Turn;
import dev.antiphon.backplane.history.Unsettled;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.simulation.ModelSession.Run;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/// Conversations: `unsettled.lua`, `settle.lua`, `due.lua`, `before.lua` and `newest.lua`.
abstract class ModelHistory extends ModelReaders {

    ModelHistory(LongSupplier clock, LongSupplier generations, int keepEntries) {
        super(clock, generations, keepEntries);
    }

    /// Far fewer than the real script reads at once, so that answers have several pages.
    private static final int PAGE_ENTRIES = 5;

    // unsettled.lua, settle.lua, due.lua

    /// @throws Unavailable when the log is not the log of `after`
    Optional<LogPage> page(SessionId id, @Nullable EntryId after) {
        ModelSession session = meta(id);
        if (after != null
                && (session == null || after.generation() != session.start.generation())) {
            throw new Unavailable("the log changed", null);
        }
        if (session == null || session.settled >= session.ended) {
            unsettled.remove(id);
            return Optional.empty();
        }
        if (after != null && !after.equals(session.idOf(after.number()))) {
            throw new Unavailable("the log changed", null);
        }
        long from = after == null ? session.settled : after.number();
        List<Entry> entries =
                session.between(from + 1, session.ended).stream().limit(PAGE_ENTRIES).toList();
        Map<MessageId, @Nullable Asked> asked = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (entry.event() != EventName.MESSAGE) {
                MessageId message = messageOf(entry);
                Run run = session.runs.get(message);
                if (run != null && run.request != null) {
                    boolean complete = entry.event() == EventName.MESSAGE_COMPLETE;
                    asked.put(message, complete ? new Asked(run.request, run.parent) : null);
                }
            }
        }
        return Optional.of(
                new LogPage(
                        session.start.generation(),
                        session.settled,
                        session.ended,
                        Objects.requireNonNull(session.owner),
                        Objects.requireNonNullElse(session.incarnation, ""),
                        Instant.EPOCH,
                        entries,
                        asked));
    }

    private static MessageId messageOf(Entry entry) {
        return new MessageId(Json.text(Json.readObject(entry.data()), "message_id"));
    }

    boolean settled(SessionId id, Unsettled ended) {
        ModelSession session = meta(id);
        if (session == null || session.start.generation() != ended.generation()) {
            return false;
        }
        EntryId place = session.idOf(ended.upTo());
        if (ended.upTo() > session.entries.size()
                || (place != null
                        && !ended.hash().isEmpty()
                        && !place.hashHex().equals(ended.hash()))) {
            return false;
        }
        if (!ended.turns().isEmpty()) {
            session.historyOwner = session.owner;
            session.historyIncarnation = session.incarnation;
        }
        for (Turn turn : ended.turns()) {
            MessageId message = turn.request().messageId();
            session.history.put(message, turn.answer());
            session.told.put(message, turn);
            session.turns.add(message);
        }
        session.settled = Math.max(session.settled, ended.upTo());
        if (session.settled >= session.ended) {
            unsettled.remove(id);
        }
        long keepFrom = Math.min(session.settled, session.tail().number() - keepEntries + 1);
        session.trimmed = (int) Math.max(session.trimmed, keepFrom - 1);
        return true;
    }

    /// All of the above, one after the other.
    void settle(SessionId id) {
        Optional<Unsettled> found;
        do {
            found =
                    Settlement.read(after -> CompletableFuture.completedStage(page(id, after)))
                            .toCompletableFuture()
                            .join();
        } while (found.isPresent()
                && settled(id, found.get())
                && found.get().more()
                && !found.get().incomplete());
    }

    List<SessionId> unsettledSessions(int most) {
        long now = clock.getAsLong();
        List<SessionId> due =
                unsettled.entrySet().stream()
                        .filter(each -> each.getValue() <= now)
                        .sorted(
                                Map.Entry.<SessionId, Long>comparingByValue()
                                        .thenComparing(each -> each.getKey().value()))
                        .map(Map.Entry::getKey)
                        .limit(most)
                        .toList();
        due.forEach(id -> unsettled.put(id, now + Policy.SETTLE_AGAIN.toNanos()));
        return due;
    }

    // before.lua; newest.lua

    List<Said> before(SessionId id, MessageId message, int mostCharacters) {
        List<Said> path = new ArrayList<>();
        ModelSession session = sessions.get(id);
        Run run = run(id, message);
        int size = 0;
        MessageId parent = run == null ? null : run.parent;
        while (session != null && parent != null && path.size() < Policy.MOST_TURNS_BEFORE) {
            Turn turn = session.told.get(parent);
            if (turn == null) {
                break;
            }
            Said said = new Said(turn.request().message(), turn.answer());
            size += characters(said.text()) + characters(said.answer());
            if (size > mostCharacters) {
                break;
            }
            path.add(said);
            parent = turn.parent();
        }
        return path;
    }

    private static int characters(String text) {
        return text.codePointCount(0, text.length());
    }

    Optional<Recent> newest(SessionId id, UserId user) {
        ModelSession found = sessions.get(id);
        if (!user.equals(ownerOf(found))) {
            return Optional.empty();
        }
        ModelSession session = meta(id);
        if (session == null) {
            session = begin(id, user, false);
        }
        EntryId place = session.idOf(session.settled);
        EntryId cursor = place == null ? session.tail() : place;
        List<byte[]> turns = new ArrayList<>();
        session.history.forEach((message, answer) ->
                turns.add(
                        Json.bytes(
                                Json.object()
                                        .put("message_id", message.value())
                                        .put("answer", answer))));
        return Optional.of(new Recent(turns, cursor));
    }
}
