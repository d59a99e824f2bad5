package dev.antiphon.simulation;

import dev.antiphon.backplane.Members;
import dev.antiphon.backplane.Redis;
import dev.antiphon.backplane.SessionPods;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Cleanups.Cleanup;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.simulation.ModelSession.Run;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/// The data of the modelled Redis, and what all of its scripts need: the first layer of {@link ModelRedis}.
abstract class ModelKeys {

    final LongSupplier clock;
    final LongSupplier generations;
    final int keepEntries;

    Map<SessionId, ModelSession> sessions = new LinkedHashMap<>();
    Map<SessionId, Set<Member>> members = new LinkedHashMap<>();
    Map<WorkerId, Long> leases = new LinkedHashMap<>();
    Map<WorkerId, TreeSet<Place>> working = new LinkedHashMap<>();
    Set<String> workers = new TreeSet<>();
    Map<Place, Long> open = new LinkedHashMap<>();
    Map<SessionId, Long> unsettled = new LinkedHashMap<>();
    Map<String, Duty> cleanups = new LinkedHashMap<>();

    /// The messages of sessions that were deleted lately, and when they are forgotten.
    Map<Place, Long> erased = new LinkedHashMap<>();

    /// The pending clean-ups and their due times.
    record Duty(long due, Cleanup cleanup) {}

    /// @param clock nanoseconds
    /// @param keepEntries entries that a log keeps when they are settled
    ModelKeys(LongSupplier clock, LongSupplier generations, int keepEntries) {
        this.clock = clock;
        this.generations = generations;
        this.keepEntries = keepEntries;
    }

    /// Takes the state of `other`.
    final void take(ModelKeys other) {
        sessions = new LinkedHashMap<>();
        other.sessions.forEach((id, session) -> sessions.put(id, session.copy()));
        members = new LinkedHashMap<>();
        other.members.forEach((id, set) -> members.put(id, new LinkedHashSet<>(set)));
        leases = new LinkedHashMap<>(other.leases);
        working = new LinkedHashMap<>();
        other.working.forEach((id, set) -> working.put(id, new TreeSet<>(set)));
        workers = new TreeSet<>(other.workers);
        open = new LinkedHashMap<>(other.open);
        unsettled = new LinkedHashMap<>(other.unsettled);
        cleanups = new LinkedHashMap<>(other.cleanups);
        erased = new LinkedHashMap<>(other.erased);
    }

    @Nullable ModelSession session(SessionId id) {
        return sessions.get(id);
    }

    /// A session whose meta exists.
    @Nullable ModelSession meta(SessionId id) {
        ModelSession session = sessions.get(id);
        return session != null && session.hasMeta ? session : null;
    }

    Map<SessionId, ModelSession> sessions() {
        return sessions;
    }

    Set<Place> open() {
        return open.keySet();
    }

    Set<Member> membersOf(SessionId id) {
        return members.getOrDefault(id, Set.of());
    }

    @Nullable Run run(SessionId id, MessageId message) {
        ModelSession session = sessions.get(id);
        return session == null ? null : session.runs.get(message);
    }

    /// The pods to ring, found by the parser of the scripts' answers.
    SessionPods pods(SessionId id) {
        List<byte[]> wire = new ArrayList<>();
        membersOf(id)
                .forEach(member -> wire.add(Redis.bytes(member.pod() + ":" + member.connection())));
        SessionPods pods = Members.pods(wire);
        told(id, pods);
        return pods;
    }

    /// A process learns which pods it must ring. For an observer.
    void told(SessionId id, SessionPods pods) {}

    /// Whether a claim's worker keeps others away.
    boolean isBusy(WorkerId holder) {
        return lives(holder);
    }

    /// Whether the worker of a session's claim lives, if it has one.
    boolean isHeld(SessionId id, Token byOther) {
        ModelSession session = sessions.get(id);
        return session != null
                && session.isWhole() // else the claimed run starts again
                && session.active != null
                && session.worker != null
                && !byOther.equals(session.token)
                && lives(session.worker);
    }

    boolean lives(WorkerId worker) {
        Long until = leases.get(worker);
        return until != null && until > clock.getAsLong();
    }

    /// Called for each log that begins again.
    void begunAgain() {}

    /// Called for each entry when it is appended.
    void added(SessionId id, Entry entry) {}

    Entry add(SessionId id, ModelSession session, EventName event, byte[] data) {
        Entry entry = session.add(event, data);
        added(id, entry);
        return entry;
    }

    // Evictions

    /// Redis is full and evicts one key of a session.
    ///
    /// @param message whose run is evicted
    void evict(SessionId id, ModelSession.Key key, MessageId message) {
        ModelSession session = sessions.get(id);
        if (session != null) {
            session.evict(key, message);
        }
    }

    void evictUnsettled() {
        unsettled.clear();
    }

    // looks.lua

    void lookIn(SessionId id, MessageId message, Duration pause) {
        open.computeIfPresent(
                new Place(id, message), (_, _) -> clock.getAsLong() + pause.toNanos());
    }

    void leave(@Nullable WorkerId worker, Place place) {
        if (worker != null) {
            working.getOrDefault(worker, new TreeSet<>()).remove(place);
        }
    }

    void rests(Run run, ModelSession session) {
        run.rested = session.tail() + "." + clock.getAsLong();
    }

    static List<byte[]> streamed(ModelSession session, Run run, MessageId message) {
        List<byte[]> streamed = new ArrayList<>();
        for (Entry entry : session.between(run.first, session.entries.size())) {
            if (entry.event() == EventName.CHUNK
                    && Chunk.decode(entry.data()).messageId().equals(message)) {
                streamed.add(entry.data());
            }
        }
        return streamed;
    }

    List<Entry> addAll(SessionId id, ModelSession session, Batch.End end) {
        List<Entry> added = new ArrayList<>();
        for (Batch.Addition addition : end.additions()) {
            added.add(add(id, session, addition.event(), addition.data()));
        }
        return added;
    }

    static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
