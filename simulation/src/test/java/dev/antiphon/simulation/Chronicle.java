package dev.antiphon.simulation;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Committed;
import dev.antiphon.backplane.log.ParkedRun;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.simulation.ModelSession.Run;
import dev.antiphon.simulation.ModelSession.Status;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The events of one world, as seen by an observer outside all processes: the basis of the checker, with the checks
/// that are possible at once.
final class Chronicle {

    /// Events that a whole run must have seen; otherwise it has proven nothing.
    enum Count {
        TAKE_OVER,
        CONTINUATION,
        FENCE,
        REPAIR,
        POLL_FOUND,
        RESYNC,
        SWEEP,
        RESET,
        REDELIVERY,
        RELEASE,
        POISON,
        CANCEL,
        ROLLBACK,
        LOSS,
        TRIM,
        NATS_LOSS,
        ERASURE,
        KILL,
        PAUSE,
        UNHEARD,
        SEVERAL_RETURN,
        CLEANED,
        RESTORED,
        EVICTION,
        BEGUN_AGAIN,
        STRANGER,
        RING_ALONE,
        RING_BATCH,
        RING_BATCH_OF_SEVERAL
    }

    /// The entries of one session that one process rings at one pod.
    private record Ringing(Host host, PodId pod, SessionId session) {}

    /// An entry that a process must ring.
    ///
    /// @param batched whether it must be in a batch, or must not
    /// @param toldAt when the process learned that the entry is in the log
    private record Unrung(EntryId id, boolean batched, long toldAt) {}

    private final Map<Count, Long> counts = new EnumMap<>(Count.class);
    private final List<String> violations = new ArrayList<>();
    private final Map<SessionId, Set<EntryId>> entries = new HashMap<>();
    private final Map<Ringing, Deque<Unrung>> unrung = new LinkedHashMap<>();
    private final Map<Place, List<String>> attempts = new LinkedHashMap<>();
    private final Map<ConnectionId, Set<EntryId>> starts = new HashMap<>();
    private final Set<Place> accepted = new LinkedHashSet<>();
    private final Set<Place> stored = new HashSet<>();
    private final Set<Place> asked = new HashSet<>();
    private final Set<Place> lostWithNats = new HashSet<>();
    private final Set<Place> everEnded = new HashSet<>();
    private final Set<Long> deadLetters = new HashSet<>();
    private final Set<Place> acked = new LinkedHashSet<>();
    private final Map<SessionId, Long> erasures = new HashMap<>();
    private final Set<SessionId> erased = new LinkedHashSet<>();

    /// The remote runs whose users have answered, by the handles of the runs that asked.
    private final Set<String> wentOn = new HashSet<>();

    private final Set<Place> evictedRuns = new HashSet<>();
    private final Set<SessionId> evictedHistories = new HashSet<>();

    private @Nullable ModelRows rows;
    private @Nullable ModelRedis redis;

    /// @param modelRows null in a world without PostgreSQL
    void watch(ModelRedis modelRedis, @Nullable ModelRows modelRows) {
        redis = modelRedis;
        rows = modelRows;
    }

    private ModelRedis redis() {
        if (redis == null) {
            throw new IllegalStateException("nothing to watch yet");
        }
        return redis;
    }

    void count(Count count) {
        count(count, 1);
    }

    void count(Count count, long times) {
        counts.merge(count, times, Long::sum);
    }

    long of(Count count) {
        return counts.getOrDefault(count, 0L);
    }

    /// @param invariant as ARCHITECTURE.md names it
    void violated(String invariant, String how) {
        if (violations.size() < 20) {
            violations.add(invariant + ": " + how);
        }
    }

    List<String> violations() {
        return violations;
    }

    // The log

    void entered(SessionId session, Entry entry) {
        entries.computeIfAbsent(session, _ -> new HashSet<>()).add(entry.id());
        if (entry.event() == EventName.MESSAGE) {
            String message = Json.readObject(entry.data()).path("message_id").stringValue();
            asked.add(new Place(session, new MessageId(message)));
        }
        if (entry.event() == EventName.CHUNK) {
            Chunk chunk = Chunk.decode(entry.data());
            if (chunk.isFinal()) {
                everEnded.add(new Place(session, chunk.messageId()));
            }
            if (chunk.body() instanceof ChunkBody.Reset) {
                count(Count.RESET);
            }
        }
    }

    void appended(Batch batch, @Nullable Token current, boolean wrote, Append answer) {
        switch (answer) {
            case Append.Appended _ -> {
                if (wrote && !batch.token().equals(current)) {
                    violated("I2", "an append of " + batch.message() + " with an old token");
                }
                if (wrote && batch.then() == Batch.Then.PARK) {
                    // It can wait with the same handle again, after Redis has lost that it went on.
                    wentOn.removeAll(handles(batch));
                }
            }
            case Append.Fenced _, Append.OutOfSequence _ -> count(Count.FENCE);
        }
    }

    private List<String> handles(Batch batch) {
        Run run = redis().run(batch.session(), batch.message());
        return run == null ? List.of() : run.handles;
    }

    /// @param held whether it was taken from a live worker
    void claimed(SessionId session, Claim.Claimed claimed, boolean held) {
        if (held) {
            violated("lease", claimed.request().messageId() + " was taken from a live worker");
        }
        if (claimed.nextChunk() > 0) {
            count(Count.CONTINUATION);
        }
    }

    /// A process was told that these entries are in the log: it rings them, in this order.
    void committed(Host host, SessionId session, Committed committed) {
        SessionPods pods = committed.pods();
        for (PodId pod : pods.all()) {
            boolean batched = pods.batched().contains(pod);
            Deque<Unrung> line =
                    unrung.computeIfAbsent(
                            new Ringing(host, pod, session), _ -> new ArrayDeque<>());
            for (Entry entry : committed.entries()) {
                line.add(new Unrung(entry.id(), batched, host.nanoTime()));
            }
        }
    }

    /// Redis tells a process which pods to ring.
    void told(Set<Member> members, SessionPods pods) {
        for (Member member : members) {
            if (!SimPod.takesBatches(member.connection())
                    && pods.batched().contains(member.pod())) {
                violated("I3", member.pod() + " would get batches, and knows none");
            }
        }
    }

    void rung(Host host, PodId pod, Ring ring, boolean batched) {
        SessionId session = ring.session();
        EntryId id = ring.entry().id();
        if (!entries.getOrDefault(session, Set.of()).contains(id)) {
            violated("I3", id + " of " + session + " was rung before it was in the log");
        }
        Deque<Unrung> line = unrung.get(new Ringing(host, pod, session));
        Unrung next = line == null ? null : line.poll();
        if (next == null || !next.id().equals(id)) {
            violated("I3", id + " of " + session + " was rung instead of " + next);
        } else if (next.batched() != batched) {
            violated("I3", id + " of " + session + " was rung in the wrong way at " + pod);
        }
    }

    /// The entries that a process did not ring although it was told of them. What a process collects is lost with it.
    ///
    /// @param tick how long it collects
    void checkRung(Duration tick) {
        unrung.forEach((ringing, all) ->
                all.stream()
                        .filter(each -> ringing.host().ranUntil() - each.toldAt() > tick.toNanos())
                        .forEach(each ->
                                violated(
                                        "I3",
                                        each.id()
                                                + " of "
                                                + ringing.session()
                                                + " was not rung at "
                                                + ringing.pod())));
    }

    void attached(ConnectionId connection, EntryId start) {
        starts.computeIfAbsent(connection, _ -> new HashSet<>()).add(start);
    }

    Set<EntryId> starts(ConnectionId connection) {
        return starts.getOrDefault(connection, Set.of());
    }

    // Requests

    /// A client got the answer that this message is accepted.
    void accepted(Place place) {
        accepted.add(place);
    }

    Set<Place> accepted() {
        return accepted;
    }

    /// A session was deleted, and no message was asked in it since.
    void erased(SessionId session, long now) {
        count(Count.ERASURE);
        erasures.put(session, now);
        erased.add(session);
    }

    Set<SessionId> erased() {
        return erased;
    }

    /// When a session was deleted; never, if it was not.
    long erasedAt(SessionId session) {
        return erasures.getOrDefault(session, Long.MAX_VALUE);
    }

    void stored(WorkflowRequest request) {
        stored.add(new Place(request.sessionId(), request.messageId()));
    }

    boolean wasStored(Place place) {
        return stored.contains(place);
    }

    /// NATS has lost its disk, and with it the requests that no worker had read yet.
    void natsLost() {
        count(Count.NATS_LOSS);
        stored.stream().filter(place -> !asked.contains(place)).forEach(lostWithNats::add);
    }

    /// An ack of a stream that was lost has removed a request from the new one, which counts from the start again.
    void ackedForAnother(StoredRequest removed) {
        Place place = place(removed);
        if (!asked.contains(place)) {
            lostWithNats.add(place);
        }
    }

    /// Whether the only copy of a request was lost, as a plain publisher's can be.
    boolean lostWithNats(Place place) {
        return lostWithNats.contains(place);
    }

    boolean everEnded(Place place) {
        return everEnded.contains(place);
    }

    void deadLetter(StoredRequest request) {
        deadLetters.add(request.sequence());
    }

    /// An ack arrived: the request will not be delivered again.
    void acked(StoredRequest request) {
        Place place = place(request);
        boolean dropped =
                request.republished() && redis().run(place.session(), place.message()) == null;
        if (dropped || deadLetters.contains(request.sequence())) {
            return;
        }
        acked.add(place);
        if (!endedFor(place)) {
            violated("I6", place.message() + " was acked, but has not ended");
        }
        Run run = redis().run(place.session(), place.message());
        if (rows != null
                && of(Count.LOSS) + of(Count.ROLLBACK) == 0
                && run != null
                && run.status == Status.PARKED
                && rows.row(place) == null) {
            violated("I6", place.message() + " was acked, waits for its user and is in no row");
        }
    }

    /// The log has returned to an older state.
    void rolledBack() {
        count(Count.ROLLBACK);
        // Redis says again that these runs wait.
        redis().sessions().values().stream()
                .flatMap(session -> session.runs.values().stream())
                .filter(run -> run.status == Status.PARKED)
                .forEach(run -> wentOn.removeAll(run.handles));
        for (Place place : acked) {
            if (!endedFor(place)) {
                violated("I6", place.message() + " was acked before its end was safe");
            }
        }
    }

    private boolean endedFor(Place place) {
        Run run = redis().run(place.session(), place.message());
        return of(Count.LOSS) > 0
                || redis().atRest(place.session(), place.message())
                || evictedRuns.contains(place)
                // It waited until its user answered, and the answer rang another delivery.
                || (run != null && run.resumes > 0);
    }

    static Place place(StoredRequest request) {
        WorkflowRequest decoded = WorkflowRequest.decodeStored(request.data());
        return new Place(decoded.sessionId(), decoded.messageId());
    }

    // Evictions

    void evicted(SessionId session, ModelSession.Key key, MessageId message) {
        count(Count.EVICTION);
        switch (key) {
            case RUN -> evictedRuns.add(new Place(session, message));
            case HISTORY -> evictedHistories.add(session);
            case META, LOG -> {}
        }
    }

    boolean lostRun(Place place) {
        return evictedRuns.contains(place);
    }

    boolean lostHistory(SessionId session) {
        return evictedHistories.contains(session);
    }

    // Runs that wait

    /// A run continues with its user's answer.
    ///
    /// @param handle of the run that asked
    void wentOn(Place place, String handle) {
        Run run = redis().run(place.session(), place.message());
        boolean isZombie = run != null && run.status == Status.PARKED; // its next append is refused
        if (!isZombie) {
            wentOn.add(handle);
        }
    }

    /// A run that Redis had lost was restored from its row.
    void restored(ParkedRun parked) {
        count(Count.RESTORED);
        if (wentOn.contains(parked.run().getOrDefault("handles", ""))) {
            violated("parked", parked.message() + " was restored to a state before its latest one");
        }
    }

    // Answers

    /// An attempt begins; this is its whole text.
    void attempt(Place place, String text) {
        attempts.computeIfAbsent(place, _ -> new ArrayList<>()).add(text);
    }

    List<String> attempts(SessionId session, MessageId message) {
        return attempts.getOrDefault(new Place(session, message), List.of());
    }

    boolean logsWereLost() {
        return of(Count.ROLLBACK) + of(Count.LOSS) + of(Count.TRIM) + of(Count.EVICTION) > 0;
    }
}
