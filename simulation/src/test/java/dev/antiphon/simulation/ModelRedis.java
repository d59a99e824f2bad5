package dev.antiphon.simulation;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.Asked;
import dev.antiphon.backplane.history.LogPage;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.Said;
import dev.antiphon.backplane.history.Settlement;
import dev.antiphon.backplane.history.Turn;
import dev.antiphon.backplane.history.Unsettled;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Cleanups.Cleanup;
import dev.antiphon.backplane.log.Cleanups.Taken;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.ParkedRun;
import dev.antiphon.backplane.log.Recovery;
import dev.antiphon.backplane.log.Recovery.Orphan;
import dev.antiphon.backplane.log.Recovery.Overdue;
import dev.antiphon.backplane.log.Recovery.Stray;
import dev.antiphon.backplane.log.Refuse;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.simulation.ModelSession.Run;
import dev.antiphon.simulation.ModelSession.Status;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/// Our Redis scripts in Java: one method per script, each atomic. `ModelRedisTest` compares it with the real scripts.
/// Not final: a mutant overrides a method to break it.
class ModelRedis {

    static final int MAX_WAITING = 20;
    static final int MAX_ATTEMPTS = 5;
    private static final int MAX_REFUSED = 100;
    private static final Duration LOOK_SOON = Duration.ofSeconds(5);
    static final Duration KEEP_PARKED = Duration.ofDays(7);
    private static final Duration LOOK_LATER = Duration.ofMinutes(5);
    private static final Duration LEASE_LIVES = Duration.ofSeconds(3);
    private static final int MAX_READ_BYTES = 256 * 1024;
    private static final Duration SETTLE_AFTER = Duration.ofSeconds(10);
    private static final Duration SETTLE_AGAIN = Duration.ofSeconds(30);
    private static final Duration WORKER_ENDS_WITHIN = Duration.ofSeconds(15);
    private static final Duration CLEAN_AGAIN = Duration.ofSeconds(30);
    private static final Duration CLEAN_AGAIN_AT_MOST = Duration.ofMinutes(10);
    private static final int MOST_CLEANUP_TRIES = 10;

    /// Far fewer than the real script reads at once, so that answers have several pages.
    private static final int PAGE_ENTRIES = 5;

    /// One message of one session, as members of sets name it.
    record Place(SessionId session, MessageId message) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            int sessions = session.value().compareTo(other.session.value());
            return sessions != 0 ? sessions : message.value().compareTo(other.message.value());
        }
    }

    /// A registered connection.
    record Member(PodId pod, dev.antiphon.protocol.ConnectionId connection) {}

    private final LongSupplier clock;
    private final LongSupplier generations;
    private final int keepEntries;

    private Map<SessionId, ModelSession> sessions = new LinkedHashMap<>();
    private Map<SessionId, Set<Member>> members = new LinkedHashMap<>();
    private Map<WorkerId, Long> leases = new LinkedHashMap<>();
    private Map<WorkerId, TreeSet<Place>> working = new LinkedHashMap<>();
    private Set<String> workers = new TreeSet<>();
    private Map<Place, Long> open = new LinkedHashMap<>();
    private Map<SessionId, Long> unsettled = new LinkedHashMap<>();
    private Map<String, Duty> cleanups = new LinkedHashMap<>();

    /// The pending clean-ups and their due times.
    private record Duty(long due, Cleanup cleanup) {}

    /// @param clock nanoseconds
    /// @param keepEntries entries that a log keeps when they are settled
    ModelRedis(LongSupplier clock, LongSupplier generations, int keepEntries) {
        this.clock = clock;
        this.generations = generations;
        this.keepEntries = keepEntries;
    }

    private ModelRedis(ModelRedis other) {
        this(other.clock, other.generations, other.keepEntries);
        take(other);
    }

    /// A state to restore.
    ModelRedis snapshot() {
        return new ModelRedis(this);
    }

    /// Takes the state of `other`.
    final void take(ModelRedis other) {
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
    }

    /// Loses everything.
    void lose() {
        take(new ModelRedis(clock, generations, keepEntries));
    }

    @Nullable ModelSession session(SessionId id) {
        return sessions.get(id);
    }

    /// A session whose meta exists.
    private @Nullable ModelSession meta(SessionId id) {
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

    private Set<PodId> pods(SessionId id) {
        Set<PodId> pods = new LinkedHashSet<>();
        membersOf(id).forEach(member -> pods.add(member.pod()));
        return pods;
    }

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

    private boolean lives(WorkerId worker) {
        Long until = leases.get(worker);
        return until != null && until > clock.getAsLong();
    }

    /// Called for each log that begins again.
    void begunAgain() {}

    /// Called for each entry when it is appended.
    void added(SessionId id, Entry entry) {}

    private Entry add(SessionId id, ModelSession session, EventName event, byte[] data) {
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

    // owner.lua, begin in entries.lua

    /// What a session's own keys say; null when none of them exists.
    @Nullable UserId ownerOf(@Nullable ModelSession session) {
        if (session == null) {
            return null;
        } else if (session.owner != null) {
            return session.owner;
        } else if (!session.history.isEmpty()) {
            return session.historyOwner;
        }
        List<MessageId> messages = new ArrayList<>(session.waiting.values());
        messages.addAll(session.index.keySet());
        for (MessageId message : messages) {
            Run run = session.runs.get(message);
            if (run != null && run.request != null) {
                return run.request.userId();
            }
        }
        return null;
    }

    /// The fields next to the owner.
    private static @Nullable String incarnationOf(ModelSession session) {
        if (session.owner != null) {
            return session.incarnation;
        } else if (!session.history.isEmpty()) {
            return session.historyIncarnation;
        }
        List<MessageId> messages = new ArrayList<>(session.waiting.values());
        messages.addAll(session.index.keySet());
        return messages.stream()
                .filter(session::hasRequest)
                .map(message -> session.run(message).incarnation)
                .findFirst()
                .orElse(null);
    }

    private boolean isForeign(@Nullable ModelSession session, UserId user) {
        UserId owner = ownerOf(session);
        return owner != null && !owner.equals(user);
    }

    /// Whether all keys exist that the log's numbers depend on.
    boolean isWhole(ModelSession session) {
        return session.isWhole();
    }

    /// Begins the log of a session, or begins it again when a part of it is missing.
    private ModelSession begin(SessionId id, UserId owner, boolean lost) {
        boolean known = sessions.containsKey(id);
        ModelSession session = sessions.computeIfAbsent(id, _ -> new ModelSession());
        if (!lost && isWhole(session)) {
            return session;
        }
        UserId before = ownerOf(session);
        if (!session.hasMeta && before == null) {
            session.turns.clear();
        }
        session.begin(
                owner,
                generations.getAsLong(),
                owner.equals(before) ? incarnationOf(session) : null);
        if (session.latest == null) {
            session.latest = session.turns.stream().reduce((_, last) -> last).orElse(null);
        }
        lineUp(id, session);
        if (known) {
            begunAgain();
        }
        return session;
    }

    void lineUp(SessionId id, ModelSession session) {
        Set<MessageId> found = new LinkedHashSet<>(session.waiting.values());
        session.index.forEach((message, unfinished) -> {
            if (unfinished) {
                found.add(message);
            }
        });
        List<MessageId> line =
                found.stream()
                        .filter(session::hasRequest)
                        .filter(message -> session.run(message).status != Status.DONE)
                        .sorted(Comparator.comparingLong(message -> session.run(message).arrival))
                        .toList();
        session.waiting.clear();
        session.index.values().removeIf(unfinished -> unfinished);
        for (MessageId message : line) {
            Run run = session.run(message);
            Entry entry =
                    add(
                            id,
                            session,
                            EventName.MESSAGE,
                            Objects.requireNonNull(run.request).messageEvent(run.parent));
            run.startAgain(entry.id().number());
            open.put(new Place(id, message), clock.getAsLong() + LOOK_SOON.toNanos());
            session.waiting.put(run.arrival, message);
            session.index.put(message, true);
            session.latest = message;
            session.arrivals = run.arrival;
        }
    }

    // accept.lua

    Accept accept(WorkflowRequest request) {
        SessionId id = request.sessionId();
        MessageId message = request.messageId();
        ModelSession found = sessions.get(id);
        if (isForeign(found, request.userId())) {
            return new Accept.Foreign();
        }
        Run known = found == null ? null : found.runs.get(message);
        if (found != null && known != null) {
            return acceptedBefore(found, known, request);
        }
        // Its run was evicted: if it were answered again in the same log, it would be there twice.
        boolean lost = found != null && found.index.containsKey(message);
        if (found != null && lost && found.history.containsKey(message)) {
            return new Accept.Duplicate();
        }
        if (found != null && found.waiting.size() >= MAX_WAITING) {
            return new Accept.Full();
        }
        ModelSession session = begin(id, request.userId(), lost);
        int before = session.waiting.size();
        MessageId parent = parent(session, request);
        Entry entry = add(id, session, EventName.MESSAGE, request.messageEvent(parent));
        session.latest = message;
        Run run = session.runs.computeIfAbsent(message, _ -> new Run());
        run.request = request;
        run.parent = parent;
        run.status = Status.ACCEPTED;
        run.attempts = 0;
        run.incarnation = Objects.requireNonNullElse(session.incarnation, "");
        run.asked = entry.id().number();
        session.arrivals++;
        run.arrival = session.arrivals;
        session.index.put(message, true);
        session.waiting.put(session.arrivals, message);
        open.put(
                new Place(id, message),
                clock.getAsLong() + (before == 0 ? LOOK_SOON : LOOK_LATER).toNanos());
        return new Accept.Accepted(entry, pods(id), before);
    }

    private static @Nullable MessageId parent(ModelSession session, WorkflowRequest request) {
        MessageId named = request.parentId();
        if (named == null) {
            return session.latest;
        }
        return named.equals(request.messageId()) ? null : named;
    }

    /// The same result as the first time, for as long as the message is unfinished.
    private Accept acceptedBefore(ModelSession session, Run known, WorkflowRequest request) {
        if (known.request == null || !known.request.digest().equals(request.digest())) {
            return new Accept.Conflict();
        }
        if (!known.hasEnded()) {
            begin(request.sessionId(), request.userId(), false);
        }
        int rank = List.copyOf(session.waiting.values()).indexOf(request.messageId());
        List<Entry> entry = session.between(known.asked, known.asked);
        return rank < 0 || entry.isEmpty()
                ? new Accept.Duplicate()
                : new Accept.Accepted(entry.getFirst(), pods(request.sessionId()), rank);
    }

    // claim.lua

    Claim claim(SessionId id, Optional<MessageId> delivered, WorkerId worker, Token token) {
        ModelSession session = sessions.get(id);
        UserId owner = ownerOf(session);
        if (session != null
                && owner != null
                && !(session.waiting.isEmpty() && session.index.isEmpty())) {
            begin(id, owner, false);
        }
        if (delivered.isPresent()
                && (session == null
                        || !(session.runs.containsKey(delivered.get())
                                || session.history.containsKey(delivered.get())))) {
            return new Claim.Unknown();
        }
        if (session == null
                || session.waiting.isEmpty()
                || !session.hasRequest(session.waiting.firstEntry().getValue())) {
            return new Claim.Idle();
        }
        MessageId message = session.waiting.firstEntry().getValue();
        Run run = session.run(message);
        boolean held = message.equals(session.active);
        int next = held ? session.next : run.plainNext;
        if (!held || !token.equals(session.token)) {
            if (run.status == Status.PARKED) {
                if (!held) { // it was restored while another message had the turn
                    session.active = message;
                    session.token = null;
                    session.worker = null;
                    session.next = next;
                }
                return new Claim.Parked(message);
            }
            if (held) {
                WorkerId holder = session.worker;
                if (holder != null && (isBusy(holder) || !lives(worker))) {
                    return new Claim.Busy();
                }
                leave(holder, new Place(id, message));
            }
            if (run.attempts >= MAX_ATTEMPTS) {
                return new Claim.Poison(Objects.requireNonNull(run.request));
            }
            session.active = message;
            session.token = token;
            session.worker = worker;
            session.next = next;
            run.attempts++;
            run.status = Status.RUNNING;
            working.computeIfAbsent(worker, _ -> new TreeSet<>()).add(new Place(id, message));
            lookIn(id, message, LOOK_LATER);
        }
        List<byte[]> streamed = next > 0 ? streamed(session, run, message) : List.of();
        return new Claim.Claimed(
                Objects.requireNonNull(run.request),
                token,
                run.attempts,
                next,
                streamed,
                run.checkpoint,
                run.answers,
                run.incarnation);
    }

    private static List<byte[]> streamed(ModelSession session, Run run, MessageId message) {
        List<byte[]> streamed = new ArrayList<>();
        for (Entry entry : session.between(run.first, session.entries.size())) {
            if (entry.event() == EventName.CHUNK
                    && Chunk.decode(entry.data()).messageId().equals(message)) {
                streamed.add(entry.data());
            }
        }
        return streamed;
    }

    private void leave(@Nullable WorkerId worker, Place place) {
        if (worker != null) {
            working.getOrDefault(worker, new TreeSet<>()).remove(place);
        }
    }

    // append.lua

    /// Whether the batch's token can append: this is the fence.
    boolean holds(ModelSession session, Batch batch) {
        return batch.message().equals(session.active) && batch.token().equals(session.token);
    }

    Append append(Batch batch) {
        SessionId id = batch.session();
        ModelSession session = sessions.get(id);
        if (session == null || !session.canGrow()) {
            return new Append.Fenced();
        }
        Run run = session.runs.get(batch.message());
        boolean holds = run != null && holds(session, batch);
        if (run == null || !holds || session.next != batch.firstChunk()) {
            List<Entry> before = run == null ? null : repeated(session, run, batch);
            if (before != null) {
                return new Append.Appended(before, pods(id));
            }
            return holds ? new Append.OutOfSequence(session.next) : new Append.Fenced();
        }
        run.appendToken = batch.token();
        run.appendChunk = batch.firstChunk();
        run.appendFirst = session.entries.size() + 1L;
        run.appendBefore = session.tail();
        if (batch.firstChunk() == 0) {
            run.first = run.appendFirst;
        }
        List<Entry> added = new ArrayList<>();
        for (Batch.Addition addition : batch.additions()) {
            added.add(add(id, session, addition.event(), addition.data()));
        }
        run.appendEnd = session.tail();
        for (String handle : batch.handles()) {
            run.handles.remove(handle);
            run.handles.add(handle);
        }
        if (batch.terminal()) {
            String end = text(batch.additions().getLast().data());
            if (!run.handles.isEmpty() && end.contains("\"finish_reason\":\"error\"")) {
                leaveCleanup(id, session, batch.message(), run, run.incarnation, false);
            }
            end(id, session, batch.message(), run);
        } else {
            session.next = batch.firstChunk() + batch.chunks();
        }
        if (batch.then() == Batch.Then.PARK) {
            Place place = new Place(id, batch.message());
            leave(session.worker, place);
            session.token = null;
            session.worker = null;
            run.status = Status.PARKED;
            run.question = session.next - 1;
            run.attempts--;
            rests(run, session);
            open.put(place, clock.getAsLong() + KEEP_PARKED.toNanos());
        }
        return new Append.Appended(added, pods(id));
    }

    private static @Nullable List<Entry> repeated(ModelSession session, Run run, Batch batch) {
        if (run.appendBefore == null
                || run.appendBefore.generation() != session.start.generation()
                || !batch.token().equals(run.appendToken)
                || run.appendChunk != batch.firstChunk()) {
            return null;
        }
        List<Entry> same = new ArrayList<>();
        EntryId before = run.appendBefore;
        for (Batch.Addition addition : batch.additions()) {
            before = before.next(addition.event(), addition.data());
            same.add(new Entry(before, addition.event(), addition.data()));
        }
        return before.equals(run.appendEnd) ? same : null;
    }

    private void end(SessionId id, ModelSession session, MessageId message, Run run) {
        if (membersOf(id).isEmpty()) {
            long from = Math.max(session.ended, run.asked - 1);
            session.unseen = session.unseen == null ? from : Math.min(from, session.unseen);
            session.unseenEnd = session.tail().number();
        }
        Place place = new Place(id, message);
        if (message.equals(session.active)) {
            leave(session.worker, place);
            session.active = null;
            session.token = null;
            session.worker = null;
            session.next = 0;
            session.refused = 0;
        }
        boolean hadTurn =
                !session.waiting.isEmpty()
                        && session.waiting.firstEntry().getValue().equals(message);
        if (hadTurn) {
            session.ended = session.entries.size();
            unsettled.putIfAbsent(id, clock.getAsLong() + SETTLE_AFTER.toNanos());
        }
        run.status = Status.DONE;
        run.ended = session.entries.size();
        rests(run, session);
        session.index.put(message, false);
        session.waiting.values().remove(message);
        MessageId next = session.waiting.isEmpty() ? null : session.waiting.firstEntry().getValue();
        Run nextRun = next == null ? null : session.runs.get(next);
        if (hadTurn && next != null && (nextRun == null || nextRun.status != Status.PARKED)) {
            lookIn(id, next, LOOK_SOON);
        }
        open.remove(place);
    }

    private void rests(Run run, ModelSession session) {
        run.rested = session.tail() + "." + clock.getAsLong();
    }

    // cleanup.lua, clean.lua, cleaned.lua

    /// What a service may still do for a message that ends, or store for a session that is deleted.
    void leaveCleanup(
            SessionId id,
            ModelSession session,
            @Nullable MessageId message,
            @Nullable Run run,
            String incarnation,
            boolean whole) {
        boolean isHeld =
                message != null
                        && message.equals(session.active)
                        && session.worker != null
                        && lives(session.worker);
        String duty = id + ":" + incarnation + ":" + (whole || message == null ? "*" : message);
        WorkflowRequest request = run == null ? null : run.request;
        String provider = request == null ? null : request.context().aiProvider();
        cleanups.put(
                duty,
                new Duty(
                        clock.getAsLong() + (isHeld ? WORKER_ENDS_WITHIN.toNanos() : 0),
                        new Cleanup(
                                duty,
                                id,
                                incarnation,
                                message,
                                whole,
                                provider == null ? "" : provider,
                                run == null ? List.of() : run.handles,
                                0,
                                false)));
    }

    Taken takeCleanup() {
        long now = clock.getAsLong();
        Optional<Duty> first =
                cleanups.values().stream()
                        .filter(each -> each.due() <= now)
                        .min(
                                Comparator.comparingLong(Duty::due)
                                        .thenComparing(each -> each.cleanup().id()));
        if (first.isEmpty()) {
            return new Taken(Optional.empty(), 0);
        }
        Cleanup was = first.get().cleanup();
        boolean givenUp = was.tries() >= MOST_CLEANUP_TRIES;
        Cleanup taken =
                new Cleanup(
                        was.id(),
                        was.session(),
                        was.incarnation(),
                        was.message(),
                        was.whole(),
                        was.provider(),
                        was.handles(),
                        was.tries() + 1,
                        givenUp);
        if (givenUp) {
            cleanups.remove(was.id());
        } else {
            long pause = CLEAN_AGAIN.toNanos() << was.tries();
            long due = now + Math.min(CLEAN_AGAIN_AT_MOST.toNanos(), pause);
            cleanups.put(was.id(), new Duty(due, taken));
        }
        return new Taken(Optional.of(taken), 0);
    }

    void cleaned(Cleanup cleanup) {
        cleanups.remove(cleanup.id());
    }

    // looks.lua

    private void lookIn(SessionId id, MessageId message, Duration pause) {
        open.computeIfPresent(
                new Place(id, message), (_, _) -> clock.getAsLong() + pause.toNanos());
    }

    // checkpoint.lua, resume.lua

    boolean checkpoint(
            SessionId id, MessageId message, Token token, int chunks, String checkpoint) {
        ModelSession session = sessions.get(id);
        if (session == null
                || !message.equals(session.active)
                || !token.equals(session.token)
                || !session.hasRequest(message)
                || session.next < chunks) {
            return false;
        }
        Run run = session.run(message);
        run.checkpoint = checkpoint;
        run.answers.clear();
        return true;
    }

    Resume resume(UserId user, Chunk resumed, UserAnswer answer) {
        SessionId id = resumed.sessionId();
        ModelSession session = sessions.get(id);
        Run run = session == null ? null : session.runs.get(resumed.messageId());
        if (session == null || run == null || !session.canGrow() || !user.equals(session.owner)) {
            return new Resume.Unknown();
        }
        Integer question = answer.question();
        if (run.status != Status.PARKED || (question != null && question != run.question)) {
            List<Entry> before = session.between(run.resumed, run.resumed);
            return answer.text().equals(run.lastAnswer)
                            && (question == null || question == run.answered)
                            && before.size() == 1
                    ? resumed(id, run, before.getFirst())
                    : new Resume.NotWaiting();
        }
        // A run that was restored behind another message has no turn yet.
        boolean hasTurn = resumed.messageId().equals(session.active);
        Entry entry =
                add(
                        id,
                        session,
                        EventName.CHUNK,
                        resumed.encodeAroundChunkId().with(hasTurn ? session.next : run.plainNext));
        if (hasTurn) {
            session.next++;
        } else {
            run.plainNext++;
        }
        run.answers.add(answer.text());
        run.lastAnswer = answer.text();
        run.answered = run.question;
        run.status = Status.ACCEPTED;
        run.resumes++;
        run.resumed = entry.id().number();
        lookIn(id, resumed.messageId(), LOOK_SOON);
        return resumed(id, run, entry);
    }

    private Resume resumed(SessionId id, Run run, Entry entry) {
        return new Resume.Resumed(
                entry, pods(id), Objects.requireNonNull(run.request), run.resumes);
    }

    // parked.lua, restore.lua

    Optional<ParkedRun> parked(SessionId id) {
        ModelSession session = sessions.get(id);
        MessageId message = session == null ? null : session.active;
        Run run = session == null || message == null ? null : session.runs.get(message);
        if (session == null
                || message == null
                || run == null
                || run.status != Status.PARKED
                || session.owner == null) {
            return Optional.empty();
        }
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("body", text(Objects.requireNonNull(run.request).encode()));
        fields.put("parent", run.parent == null ? "" : run.parent.value());
        fields.put("attempts", Integer.toString(run.attempts));
        fields.put("checkpoint", run.checkpoint);
        fields.put("handles", String.join(" ", run.handles));
        fields.put("question", Integer.toString(run.question));
        fields.put("resumes", Integer.toString(run.resumes));
        fields.put("answers", Integer.toString(run.answers.size()));
        for (int i = 1; i <= run.answers.size(); i++) {
            fields.put("answer" + i, run.answers.get(i - 1));
        }
        List<String> chunks =
                streamed(session, run, message).stream().map(ModelRedis::text).toList();
        long until = open.getOrDefault(new Place(id, message), 0L);
        return chunks.size() == run.question + 1
                ? Optional.of(
                        new ParkedRun(
                                id,
                                message,
                                session.owner,
                                run.incarnation,
                                Instant.EPOCH.plusNanos(until),
                                fields,
                                Map.of(),
                                chunks))
                : Optional.empty();
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// Restores a waiting run.
    ///
    /// @return whether it is here now
    boolean restore(ParkedRun parked) {
        SessionId id = parked.session();
        MessageId message = parked.message();
        ModelSession found = sessions.get(id);
        if (isForeign(found, parked.owner())) {
            return false;
        } else if (found != null && found.runs.containsKey(message)) {
            return true;
        }
        boolean lost = found != null && found.index.containsKey(message);
        ModelSession session = begin(id, parked.owner(), lost);
        Map<String, String> kept = parked.run();
        Run run = new Run();
        run.request = parked.request();
        String parent = kept.getOrDefault("parent", "");
        run.parent = parent.isEmpty() ? null : new MessageId(parent);
        run.asked =
                add(id, session, EventName.MESSAGE, run.request.messageEvent(run.parent))
                        .id()
                        .number();
        parked.chunks().forEach(chunk -> add(id, session, EventName.CHUNK, bytes(chunk)));
        run.first = run.asked + 1;
        run.plainNext = parked.chunks().size();
        run.status = Status.PARKED;
        run.incarnation = parked.incarnation();
        run.attempts = Integer.parseInt(kept.getOrDefault("attempts", "0"));
        run.checkpoint = kept.getOrDefault("checkpoint", "");
        String handles = kept.getOrDefault("handles", "");
        if (!handles.isEmpty()) {
            run.handles.addAll(List.of(handles.split(" ", -1)));
        }
        for (int i = 1; i <= Integer.parseInt(kept.getOrDefault("answers", "0")); i++) {
            run.answers.add(kept.getOrDefault("answer" + i, ""));
        }
        run.question = Integer.parseInt(kept.getOrDefault("question", "0"));
        run.resumes = Integer.parseInt(kept.getOrDefault("resumes", "0"));
        session.runs.put(message, run);
        session.index.put(message, true);
        if (session.latest == null) {
            session.latest = message;
        }
        if (session.waiting.isEmpty()) {
            session.active = message;
            session.token = null;
            session.worker = null;
            session.next = run.plainNext;
        }
        session.arrivals++;
        run.arrival = session.arrivals;
        session.waiting.put(session.arrivals, message);
        Duration until = Duration.between(Instant.EPOCH, parked.until());
        open.put(new Place(id, message), until.toNanos());
        return true;
    }

    // refuse.lua

    Refuse refuse(SessionId id, MessageId message, Batch.End end) {
        ModelSession session = sessions.get(id);
        if (session == null || !session.canGrow()) {
            return new Refuse.Known();
        }
        Run known = session.runs.get(message);
        if (known != null) {
            List<Entry> before = session.between(known.ended - 1, known.ended);
            boolean same =
                    known.status == Status.REFUSED
                            && before.size() == 2
                            && Arrays.equals(before.getFirst().data(), end.chunk())
                            && Arrays.equals(before.getLast().data(), end.complete());
            return same ? new Refuse.Refused(before, pods(id)) : new Refuse.Known();
        }
        session.refused++;
        if (session.refused > MAX_REFUSED) {
            return new Refuse.Known();
        }
        List<Entry> added = addAll(id, session, end);
        Run run = new Run();
        run.status = Status.REFUSED;
        run.ended = session.entries.size();
        rests(run, session);
        session.runs.put(message, run);
        session.index.put(message, false);
        return new Refuse.Refused(added, pods(id));
    }

    private List<Entry> addAll(SessionId id, ModelSession session, Batch.End end) {
        List<Entry> added = new ArrayList<>();
        for (Batch.Addition addition : end.additions()) {
            added.add(add(id, session, addition.event(), addition.data()));
        }
        return added;
    }

    // finish.lua

    Finish finish(Optional<UserId> user, Chunk last) {
        SessionId id = last.sessionId();
        MessageId message = last.messageId();
        ModelSession session = sessions.get(id);
        Run run = session == null ? null : session.runs.get(message);
        if (session == null
                || run == null
                || !session.canGrow()
                || (user.isPresent() && !user.get().equals(session.owner))) {
            return new Finish.Unknown();
        }
        if (run.hasEnded()) {
            return finishedBefore(id, session, run, last);
        }
        int chunkId = message.equals(session.active) ? session.next : run.plainNext;
        if (run.status != Status.ACCEPTED || !run.handles.isEmpty()) {
            leaveCleanup(id, session, message, run, run.incarnation, false);
        }
        byte[] chunk = last.encodeAroundChunkId().with(chunkId);
        List<Entry> added =
                addAll(id, session, new Batch.End(chunk, Batch.End.of(last).complete()));
        run.finishChunk = chunkId;
        end(id, session, message, run);
        return new Finish.Finished(added, pods(id));
    }

    /// The same result as the first time, for the same call.
    private Finish finishedBefore(SessionId id, ModelSession session, Run run, Chunk last) {
        List<Entry> before = session.between(run.ended - 1, run.ended);
        boolean same =
                run.finishChunk != null
                        && before.size() == 2
                        && Arrays.equals(
                                before.getFirst().data(),
                                last.encodeAroundChunkId().with(run.finishChunk));
        return same ? new Finish.Finished(before, pods(id)) : new Finish.Ended();
    }

    // atRest, work_state.lua, request, release.lua

    boolean atRest(SessionId id, MessageId message) {
        Run run = run(id, message);
        return run != null && (run.hasEnded() || run.status == Status.PARKED);
    }

    WorkState workState(SessionId id, MessageId message) {
        ModelSession session = sessions.get(id);
        if (atRest(id, message)) {
            return new WorkState.AtRest(Objects.requireNonNull(run(id, message)).rested);
        }
        boolean isTold = session != null && session.history.containsKey(message);
        if (isTold && run(id, message) == null) {
            return new WorkState.AtRest("");
        }
        if (session == null || run(id, message) == null || session.active == null) {
            return new WorkState.Free();
        }
        Run active = session.runs.get(session.active);
        boolean parked = active != null && active.status == Status.PARKED;
        return parked || (session.worker != null && lives(session.worker))
                ? new WorkState.AtWork()
                : new WorkState.Free();
    }

    Optional<WorkflowRequest> request(SessionId id, MessageId message) {
        return Optional.ofNullable(run(id, message)).map(run -> run.request);
    }

    boolean release(SessionId id, MessageId message, Token token) {
        ModelSession session = sessions.get(id);
        if (session == null || !message.equals(session.active) || !token.equals(session.token)) {
            return false;
        }
        leave(session.worker, new Place(id, message));
        session.token = null;
        session.worker = null;
        Run run = session.runs.get(message);
        if (run != null) {
            run.attempts--;
        }
        lookIn(id, message, LOOK_SOON);
        return true;
    }

    // erase.lua

    /// Removes a whole session; false when it does not exist, or belongs to another user.
    boolean erase(SessionId id, UserId user) {
        ModelSession session = sessions.get(id);
        if (session == null || !user.equals(ownerOf(session))) {
            return false;
        }
        MessageId active = session.active;
        Run activeRun = active == null ? null : session.runs.get(active);
        String known = Objects.requireNonNullElse(incarnationOf(session), "");
        String first = activeRun == null ? known : activeRun.incarnation;
        leaveCleanup(id, session, active, activeRun, first, true);
        Set<String> others = new LinkedHashSet<>(List.of(known));
        session.runs.values().stream()
                .filter(run -> run.request != null)
                .forEach(run -> others.add(run.incarnation));
        others.remove(first);
        others.forEach(other -> leaveCleanup(id, session, null, null, other, true));
        if (active != null) {
            leave(session.worker, new Place(id, active));
        }
        open.keySet().removeIf(place -> place.session().equals(id));
        sessions.remove(id);
        unsettled.remove(id);
        members.remove(id);
        return true;
    }

    // read.lua, tail

    Slice read(SessionId id, EntryId after, int most) {
        ModelSession session = meta(id);
        if (session == null) {
            return new Slice.None();
        }
        EntryId tail = session.tail();
        if (after.generation() != tail.generation()) {
            return new Slice.Lost("other_generation", tail);
        }
        if (after.number() > tail.number()) {
            return new Slice.Lost("rolled_back", tail);
        }
        EntryId place = session.idOf(after.number());
        boolean lacksBeginning =
                session.trimmed > 0 || (!session.hasLog && !session.entries.isEmpty());
        if (place == null || (after.number() == 0 && lacksBeginning)) {
            return new Slice.Lost("trimmed", tail);
        }
        if (after.number() > 0 && !place.equals(after)) {
            return new Slice.Lost("rolled_back", tail);
        }
        List<Entry> found = new ArrayList<>();
        int bytes = 0;
        for (int i = (int) after.number(); i < session.entries.size() && found.size() < most; i++) {
            bytes += session.entries.get(i).data().length;
            if (bytes > MAX_READ_BYTES && !found.isEmpty()) {
                break;
            }
            found.add(session.entries.get(i));
        }
        return new Slice.Entries(found, tail);
    }

    Optional<EntryId> tail(SessionId id) {
        return Optional.ofNullable(meta(id)).map(ModelSession::tail);
    }

    // Leases, orphans.lua, sweep.lua

    void renew(WorkerId worker) {
        workers.add(worker.value());
        leases.put(worker, clock.getAsLong() + LEASE_LIVES.toNanos());
    }

    void endLease(WorkerId worker) {
        leases.remove(worker);
    }

    Set<WorkerId> workers() {
        Set<WorkerId> all = new LinkedHashSet<>();
        workers.forEach(worker -> all.add(new WorkerId(worker)));
        return all;
    }

    List<Orphan> orphans(WorkerId worker) {
        if (lives(worker)) {
            return List.of();
        }
        List<Orphan> orphans = new ArrayList<>();
        Set<Place> runs = working.getOrDefault(worker, new TreeSet<>());
        for (Place place : List.copyOf(runs)) {
            Run run = run(place.session(), place.message());
            if (run != null && run.status == Status.RUNNING) {
                orphans.add(
                        new Orphan(Objects.requireNonNull(run.request), run.attempts, copy(run)));
            } else {
                runs.remove(place);
            }
        }
        if (orphans.isEmpty()) {
            workers.remove(worker.value());
        }
        return orphans;
    }

    private int copy(Run run) {
        if (run.orphanedAttempt != run.attempts) {
            run.orphanedAttempt = run.attempts;
            run.orphanedAt = clock.getAsLong();
        }
        long waited = clock.getAsLong() - run.orphanedAt;
        int copies = 1;
        for (long pause = Recovery.COPY_AGAIN_AFTER.toNanos(); waited >= pause; pause *= 2) {
            waited -= pause;
            copies++;
        }
        return copies;
    }

    List<Stray> strays(WorkerId worker, Predicate<SessionId> isAt) {
        List<Stray> strays = new ArrayList<>();
        for (Place place : working.getOrDefault(worker, new TreeSet<>())) {
            ModelSession session = sessions.get(place.session());
            if (!isAt.test(place.session())
                    && session != null
                    && place.message().equals(session.active)
                    && worker.equals(session.worker)
                    && session.token != null) {
                strays.add(new Stray(place.session(), place.message(), session.token));
            }
        }
        return strays;
    }

    Optional<Overdue> sweep() {
        long now = clock.getAsLong();
        List<Place> due =
                open.entrySet().stream()
                        .filter(each -> each.getValue() <= now)
                        .sorted(
                                Map.Entry.<Place, Long>comparingByValue()
                                        .thenComparing(Map.Entry.comparingByKey()))
                        .map(Map.Entry::getKey)
                        .limit(100)
                        .toList();
        for (Place place : due) {
            ModelSession session = sessions.get(place.session());
            Run run = run(place.session(), place.message());
            if (session == null || run == null || run.status == Status.DONE) {
                open.remove(place);
                continue;
            }
            Duration putOff = Duration.ofNanos(LOOK_SOON.toNanos() << Math.min(run.swept, 6));
            Duration pause = putOff.compareTo(LOOK_LATER) < 0 ? putOff : LOOK_LATER;
            if (run.status == Status.PARKED) {
                lookIn(place.session(), place.message(), pause);
                return Optional.of(new Overdue(Objects.requireNonNull(run.request), 0));
            }
            boolean atWork =
                    session.active != null && session.worker != null && lives(session.worker);
            boolean itsTurn =
                    session.waiting.isEmpty()
                            || session.waiting.firstEntry().getValue().equals(place.message())
                            || !session.hasRequest(session.waiting.firstEntry().getValue());
            if (atWork || !itsTurn) {
                lookIn(place.session(), place.message(), LOOK_LATER);
            } else {
                lookIn(place.session(), place.message(), pause);
                run.swept++;
                return Optional.of(new Overdue(Objects.requireNonNull(run.request), run.swept));
            }
        }
        return Optional.empty();
    }

    // attach.lua, seen.lua and the rest of the registry

    Attach attach(SessionId id, UserId user, Member member, boolean register) {
        if (isForeign(sessions.get(id), user)) {
            return new Attach.Foreign();
        }
        ModelSession session = begin(id, user, false);
        if (register) {
            refresh(id, member);
        }
        EntryId tail = session.tail();
        EntryId start = tail;
        for (long each : starts(session)) {
            EntryId place = followed(session, each);
            if (place != null) {
                start = place;
                break;
            }
        }
        return new Attach.Attached(
                tail,
                start,
                session.unseen == null ? OptionalLong.empty() : OptionalLong.of(session.unseenEnd));
    }

    private static List<Long> starts(ModelSession session) {
        List<Long> starts = new ArrayList<>();
        if (session.unseen != null) {
            starts.add(session.unseen);
        }
        if (!session.waiting.isEmpty()) {
            Run oldest = session.run(session.waiting.firstEntry().getValue());
            starts.add(Math.max(session.ended, oldest.asked - 1));
        }
        starts.sort(null);
        return starts;
    }

    /// The position after an entry, if the log holds the following entries.
    private static @Nullable EntryId followed(ModelSession session, long number) {
        return number == 0 && session.trimmed > 0 ? null : session.idOf(number);
    }

    void detach(SessionId id, Member member) {
        Set<Member> set = members.get(id);
        if (set != null) {
            set.remove(member);
        }
    }

    void refresh(SessionId id, Member member) {
        members.computeIfAbsent(id, _ -> new LinkedHashSet<>()).add(member);
    }

    void seen(SessionId id, long upTo) {
        ModelSession session = meta(id);
        if (session == null || session.unseen == null) {
            return;
        }
        if (session.unseenEnd <= upTo) {
            session.unseen = null;
        } else {
            session.unseen = Math.max(session.unseen, upTo);
        }
    }

    void purge(PodId pod) {
        members.values().forEach(set -> set.removeIf(member -> member.pod().equals(pod)));
    }

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
        due.forEach(id -> unsettled.put(id, now + SETTLE_AGAIN.toNanos()));
        return due;
    }

    // before.lua; newest.lua

    List<Said> before(SessionId id, MessageId message, int mostCharacters) {
        List<Said> path = new ArrayList<>();
        ModelSession session = sessions.get(id);
        Run run = run(id, message);
        int size = 0;
        MessageId parent = run == null ? null : run.parent;
        while (session != null && parent != null && path.size() < 1_000) {
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
