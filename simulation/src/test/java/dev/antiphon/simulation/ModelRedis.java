package dev.antiphon.simulation;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.Asked;
import dev.antiphon.backplane.history.LogPage;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.Said;
import dev.antiphon.backplane.history.Settlement;
import dev.antiphon.backplane.history.Unsettled;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.Recovery;
import dev.antiphon.backplane.log.Recovery.Orphan;
import dev.antiphon.backplane.log.Recovery.Overdue;
import dev.antiphon.backplane.log.Recovery.Stray;
import dev.antiphon.backplane.log.Refuse;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.log.Standing;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.UserAnswer;
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

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
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

/// What our scripts do in Redis, in Java: one method per script, each atomic. `ModelRedisTest` compares it with the real
/// ones. Not final: a mutant overrides what it breaks.
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

    /// Far fewer than the real one reads at once, so that answers have several pages.
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

    /// A state to come back to.
    ModelRedis snapshot() {
        return new ModelRedis(this);
    }

    /// Becomes what `other` was.
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
    }

    /// Forgets everything.
    void lose() {
        take(new ModelRedis(clock, generations, keepEntries));
    }

    @Nullable ModelSession session(SessionId id) {
        return sessions.get(id);
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
                && session.active != null
                && session.worker != null
                && !byOther.equals(session.token)
                && lives(session.worker);
    }

    private boolean lives(WorkerId worker) {
        Long until = leases.get(worker);
        return until != null && until > clock.getAsLong();
    }

    /// Told of each entry as it is appended.
    void added(SessionId id, Entry entry) {}

    private Entry add(SessionId id, ModelSession session, EventName event, byte[] data) {
        Entry entry = session.add(event, data);
        added(id, entry);
        return entry;
    }

    // accept.lua

    Accept accept(WorkflowRequest request) {
        SessionId id = request.sessionId();
        MessageId message = request.messageId();
        ModelSession session = sessions.get(id);
        if (session != null && !session.owner.equals(request.userId())) {
            return new Accept.Foreign();
        }
        Run known = session == null ? null : session.runs.get(message);
        if (session != null && known != null) {
            return acceptedBefore(session, known, request);
        }
        if (session != null && session.waiting.size() >= MAX_WAITING) {
            return new Accept.Full();
        }
        if (session == null) {
            session = new ModelSession(request.userId(), generations.getAsLong());
            sessions.put(id, session);
        }
        int before = session.waiting.size();
        MessageId parent = parent(session, request);
        Entry entry = add(id, session, EventName.MESSAGE, request.messageEvent(parent));
        session.latest = message;
        Run run = session.runs.computeIfAbsent(message, _ -> new Run());
        run.request = request;
        run.parent = parent;
        run.status = Status.ACCEPTED;
        run.attempts = 0;
        run.asked = entry.id().number();
        session.arrivals++;
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

    /// The same as the first time, for as long as the message is unfinished.
    private Accept acceptedBefore(ModelSession session, Run known, WorkflowRequest request) {
        if (known.request == null || !known.request.digest().equals(request.digest())) {
            return new Accept.Conflict();
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
        if (delivered.isPresent()
                && (session == null || !session.runs.containsKey(delivered.get()))) {
            return new Claim.Unknown();
        }
        if (session == null || session.waiting.isEmpty()) {
            return new Claim.Idle();
        }
        MessageId message = session.waiting.firstEntry().getValue();
        Run run = session.run(message);
        boolean held = message.equals(session.active);
        int next = held ? session.next : 0;
        if (!held || !token.equals(session.token)) {
            if (held) {
                if (run.status == Status.PARKED) {
                    return new Claim.Parked(message);
                }
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
        List<byte[]> streamed = new ArrayList<>();
        if (next > 0) {
            for (Entry entry : session.between(run.first, session.entries.size())) {
                if (entry.event() == EventName.CHUNK
                        && Chunk.decode(entry.data()).messageId().equals(message)) {
                    streamed.add(entry.data());
                }
            }
        }
        return new Claim.Claimed(
                Objects.requireNonNull(run.request),
                token,
                run.attempts,
                next,
                streamed,
                run.checkpoint,
                run.answers,
                Long.toString(session.start.generation()));
    }

    private void leave(@Nullable WorkerId worker, Place place) {
        if (worker != null) {
            working.getOrDefault(worker, new TreeSet<>()).remove(place);
        }
    }

    // append.lua

    /// Whether the batch's token is the one that may append: what fencing is.
    boolean holds(ModelSession session, Batch batch) {
        return batch.message().equals(session.active) && batch.token().equals(session.token);
    }

    Append append(Batch batch) {
        SessionId id = batch.session();
        ModelSession session = sessions.get(id);
        if (session == null) {
            return new Append.Fenced();
        }
        Run run = session.runs.get(batch.message());
        boolean holds = run != null && holds(session, batch);
        if (run == null || !holds || session.next != batch.firstChunk()) {
            List<Entry> before = run == null ? null : repeated(run, batch);
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
        if (batch.terminal()) {
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

    private static @Nullable List<Entry> repeated(Run run, Batch batch) {
        if (run.appendBefore == null
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
        boolean hadTurn = session.waiting.firstEntry().getValue().equals(message);
        if (hadTurn) {
            session.ended = session.entries.size();
            unsettled.putIfAbsent(id, clock.getAsLong() + SETTLE_AFTER.toNanos());
        }
        run.status = Status.DONE;
        run.ended = session.entries.size();
        rests(run, session);
        session.waiting.values().remove(message);
        if (hadTurn && !session.waiting.isEmpty()) {
            lookIn(id, session.waiting.firstEntry().getValue(), LOOK_SOON);
        }
        open.remove(place);
    }

    private void rests(Run run, ModelSession session) {
        run.rested = session.tail() + "." + clock.getAsLong();
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
        if (session == null || run == null || !session.owner.equals(user)) {
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
        Entry entry =
                add(id, session, EventName.CHUNK, resumed.encodeAroundChunkId().with(session.next));
        session.next++;
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

    // refuse.lua

    Refuse refuse(SessionId id, MessageId message, Batch.End end) {
        ModelSession session = sessions.get(id);
        if (session == null) {
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
                || (user.isPresent() && !session.owner.equals(user.get()))) {
            return new Finish.Unknown();
        }
        if (run.hasEnded()) {
            return finishedBefore(id, session, run, last);
        }
        int chunkId = message.equals(session.active) ? session.next : 0;
        byte[] chunk = last.encodeAroundChunkId().with(chunkId);
        List<Entry> added =
                addAll(id, session, new Batch.End(chunk, Batch.End.of(last).complete()));
        run.finishChunk = chunkId;
        end(id, session, message, run);
        return new Finish.Finished(added, pods(id));
    }

    /// The same as the first time, for the same call.
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

    // atRest, standing.lua, request, release.lua

    boolean atRest(SessionId id, MessageId message) {
        Run run = run(id, message);
        return run != null && (run.hasEnded() || run.status == Status.PARKED);
    }

    Standing standing(SessionId id, MessageId message) {
        ModelSession session = sessions.get(id);
        if (atRest(id, message)) {
            return new Standing.AtRest(Objects.requireNonNull(run(id, message)).rested);
        }
        if (session == null || run(id, message) == null || session.active == null) {
            return new Standing.Free();
        }
        boolean parked = session.run(session.active).status == Status.PARKED;
        return parked || (session.worker != null && lives(session.worker))
                ? new Standing.AtWork()
                : new Standing.Free();
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
        session.run(message).attempts--;
        lookIn(id, message, LOOK_SOON);
        return true;
    }

    // erase.lua

    /// Removes everything of a session; false when it is not there, or not the user's.
    boolean erase(SessionId id, UserId user) {
        ModelSession session = sessions.get(id);
        if (session == null || !session.owner.equals(user)) {
            return false;
        }
        if (session.active != null) {
            leave(session.worker, new Place(id, session.active));
        }
        open.keySet().removeIf(place -> place.session().equals(id));
        sessions.remove(id);
        unsettled.remove(id);
        members.remove(id);
        return true;
    }

    // read.lua, tail

    Slice read(SessionId id, EntryId after, int most) {
        ModelSession session = sessions.get(id);
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
        if (place == null || (after.number() == 0 && session.trimmed > 0)) {
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
        return Optional.ofNullable(sessions.get(id)).map(ModelSession::tail);
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
                    !session.waiting.isEmpty()
                            && session.waiting.firstEntry().getValue().equals(place.message());
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
        ModelSession session = sessions.get(id);
        if (session != null && !session.owner.equals(user)) {
            return new Attach.Foreign();
        }
        if (session == null) {
            session = new ModelSession(user, generations.getAsLong());
            sessions.put(id, session);
        }
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

    /// The place after an entry, if the log holds what follows it.
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
        ModelSession session = sessions.get(id);
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

    /// @throws Unavailable when the log is another one than that of `after`
    Optional<LogPage> page(SessionId id, @Nullable EntryId after) {
        ModelSession session = sessions.get(id);
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
                        session.owner,
                        "",
                        Instant.EPOCH,
                        entries,
                        asked));
    }

    private static MessageId messageOf(Entry entry) {
        return new MessageId(Json.text(Json.readObject(entry.data()), "message_id"));
    }

    boolean settled(SessionId id, Unsettled ended) {
        ModelSession session = sessions.get(id);
        if (session == null || session.start.generation() != ended.generation()) {
            return false;
        }
        EntryId place = session.idOf(ended.upTo());
        if (ended.upTo() > session.entries.size()
                || (place != null && !place.hashHex().equals(ended.hash()))) {
            return false;
        }
        ended.turns()
                .forEach(turn -> session.history.put(turn.request().messageId(), turn.answer()));
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
        } while (found.isPresent() && settled(id, found.get()) && found.get().more());
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
        while (session != null && run != null && run.parent != null && path.size() < 1_000) {
            MessageId parent = run.parent;
            run = session.runs.get(parent);
            String answer = session.history.get(parent);
            if (answer == null || run == null || run.request == null) {
                break;
            }
            Said said = new Said(run.request.message(), answer);
            size += characters(said.text()) + characters(said.answer());
            if (size > mostCharacters) {
                break;
            }
            path.add(said);
        }
        return path;
    }

    private static int characters(String text) {
        return text.codePointCount(0, text.length());
    }

    Optional<Recent> newest(SessionId id, UserId user) {
        ModelSession session = sessions.get(id);
        EntryId cursor = session == null ? null : session.idOf(session.settled);
        if (session == null || cursor == null || !session.owner.equals(user)) {
            return Optional.empty();
        }
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
