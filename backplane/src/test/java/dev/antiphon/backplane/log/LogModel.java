package dev.antiphon.backplane.log;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.SessionPods;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The effects of the scripts of the log and the registry on one session, in the simplest form. Nothing expires and
/// nothing is trimmed.
final class LogModel {

    /// The state of one message.
    private static final class Message {
        final @Nullable WorkflowRequest request;
        final long asked;
        int attempts;
        boolean done;
        boolean refused;

        /// A worker of ours has claimed it.
        boolean claimed;

        /// A plain worker has begun it; its next chunk id.
        int plainNext;

        final List<byte[]> chunks = new ArrayList<>();
        @Nullable Batch lastBatch;
        List<Entry> lastEntries = List.of();

        /// For a message that was ended from outside or refused: its final chunk, and the entries.
        @Nullable Chunk end;

        List<Entry> endEntries = List.of();

        Message(@Nullable WorkflowRequest request, long asked) {
            this.request = request;
            this.asked = asked;
        }

        WorkflowRequest asRequest() {
            if (request == null) {
                throw new AssertionError("a refused message has no request");
            }
            return request;
        }
    }

    private @Nullable UserId owner;

    /// The real log draws it when it begins.
    private long generation;

    private final List<Entry> entries = new ArrayList<>();
    private final Map<MessageId, Message> messages = new HashMap<>();
    private final List<MessageId> waiting = new ArrayList<>();

    private @Nullable MessageId latest;
    private @Nullable MessageId active;
    private String token = "";
    private String worker = "";
    private int next;

    private @Nullable MessageId plain;
    private long ended;
    private OptionalLong unseen = OptionalLong.empty();
    private long unseenEnd;

    private final Set<String> members = new HashSet<>();
    private final Set<String> leases = new HashSet<>();
    private final Map<String, Set<String>> working = new TreeMap<>();

    // Events around the log

    boolean lives(WorkerId who) {
        return leases.add(who.value());
    }

    void dies(WorkerId who) {
        leases.remove(who.value());
    }

    void begunWith(long drawn) {
        generation = drawn;
    }

    boolean exists() {
        return owner != null;
    }

    EntryId tail() {
        return entries.isEmpty() ? EntryId.start(generation) : entries.getLast().id();
    }

    EntryId place(int number) {
        return number == 0 ? EntryId.start(generation) : entries.get(number - 1).id();
    }

    List<String> waiting() {
        return waiting.stream().map(MessageId::value).toList();
    }

    Set<String> working(String who) {
        return working.getOrDefault(who, Set.of());
    }

    List<Entry> entries() {
        return entries;
    }

    private SessionPods pods() {
        return new SessionPods(
                Set.of(),
                members.stream()
                        .map(member -> new PodId(member.substring(0, member.indexOf(':'))))
                        .collect(Collectors.toSet()));
    }

    private Entry add(EventName event, byte[] data) {
        Entry entry = new Entry(tail().next(event, data), event, data);
        entries.add(entry);
        return entry;
    }

    // The scripts

    Accept accept(WorkflowRequest request) {
        if (owner != null && !owner.equals(request.userId())) {
            return new Accept.Foreign();
        }
        Message known = messages.get(request.messageId());
        if (known != null) {
            if (known.request == null || !known.request.digest().equals(request.digest())) {
                return new Accept.Conflict();
            }
            int before = waiting.indexOf(request.messageId());
            return before < 0
                    ? new Accept.Duplicate()
                    : new Accept.Accepted(entries.get((int) known.asked - 1), pods(), before);
        }
        if (waiting.size() >= Policy.MOST_WAITING) {
            return new Accept.Full();
        }
        owner = request.userId();
        Entry entry = add(EventName.MESSAGE, request.messageEvent(latest));
        latest = request.messageId();
        messages.put(request.messageId(), new Message(request, entry.id().number()));
        waiting.add(request.messageId());
        return new Accept.Accepted(entry, pods(), waiting.size() - 1);
    }

    Claim claim(Optional<MessageId> delivered, WorkerId by, Token fresh) {
        if (delivered.isPresent() && !messages.containsKey(delivered.get())) {
            return new Claim.Unknown();
        }
        if (waiting.isEmpty()) {
            return new Claim.Idle();
        }
        MessageId oldest = waiting.getFirst();
        Message message = known(oldest);
        boolean held = oldest.equals(active);
        if (!held || !token.equals(fresh.value())) {
            if (held
                    && !worker.isEmpty()
                    && (leases.contains(worker) || !leases.contains(by.value()))) {
                return new Claim.Busy();
            }
            if (held) {
                leavesWorker(oldest);
            }
            if (message.attempts >= Policy.MOST_ATTEMPTS) {
                return new Claim.Poison(message.asRequest());
            }
            next = held ? next : message.plainNext;
            message.claimed = true;
            active = oldest;
            token = fresh.value();
            worker = by.value();
            message.attempts++;
            working.computeIfAbsent(worker, _ -> new HashSet<>()).add("s1:" + oldest);
        }
        return new Claim.Claimed(
                message.asRequest(),
                fresh,
                message.attempts,
                next,
                List.copyOf(message.chunks),
                "",
                List.of(),
                Long.toString(generation));
    }

    private Message known(MessageId id) {
        Message message = messages.get(id);
        if (message == null) {
            throw new AssertionError("no such message: " + id);
        }
        return message;
    }

    private void leavesWorker(MessageId message) {
        working.getOrDefault(worker, new HashSet<>()).remove("s1:" + message);
    }

    Append append(Batch batch) {
        boolean holds = batch.message().equals(active) && token.equals(batch.token().value());
        if (!holds || next != batch.firstChunk()) {
            Message message = messages.get(batch.message());
            if (message != null && same(message.lastBatch, batch)) {
                return new Append.Appended(message.lastEntries, pods());
            }
            return holds ? new Append.OutOfSequence(next) : new Append.Fenced();
        }
        Message message = known(batch.message());
        List<Entry> added = new ArrayList<>();
        for (Batch.Addition addition : batch.additions()) {
            added.add(add(addition.event(), addition.data()));
            if (addition.event() == EventName.CHUNK) {
                message.chunks.add(addition.data());
            }
        }
        message.lastBatch = batch;
        message.lastEntries = added;
        next += batch.chunks();
        if (batch.terminal()) {
            end(batch.message());
        }
        return new Append.Appended(added, pods());
    }

    private static boolean same(@Nullable Batch one, Batch other) {
        return one != null
                && one.token().equals(other.token())
                && one.firstChunk() == other.firstChunk()
                && one.additions().size() == other.additions().size()
                && sameBytes(one.additions(), other.additions());
    }

    private static boolean sameBytes(List<Batch.Addition> one, List<Batch.Addition> other) {
        for (int i = 0; i < one.size(); i++) {
            if (!Arrays.equals(one.get(i).data(), other.get(i).data())) {
                return false;
            }
        }
        return true;
    }

    private void end(MessageId id) {
        Message message = known(id);
        long number = tail().number();
        if (members.isEmpty()) {
            Message first = waiting.isEmpty() ? message : known(waiting.getFirst());
            long start = Math.max(ended, first.asked - 1);
            unseen = OptionalLong.of(Math.min(start, unseen.orElse(start)));
            unseenEnd = number;
        }
        if (id.equals(active)) {
            leavesWorker(id);
            active = null;
        }
        if (!waiting.isEmpty() && waiting.getFirst().equals(id)) {
            ended = number;
        }
        message.done = true;
        waiting.remove(id);
        if (id.equals(plain)) {
            plain = null;
        }
    }

    Refuse refuse(MessageId id, Chunk last) {
        Message message = messages.get(id);
        if (message != null || !exists()) {
            return message != null && message.refused && last.equals(message.end)
                    ? new Refuse.Refused(message.endEntries, pods())
                    : new Refuse.Known();
        }
        Message refused = new Message(null, 0);
        refused.done = true;
        refused.refused = true;
        addEnd(refused, last);
        messages.put(id, refused);
        return new Refuse.Refused(refused.endEntries, pods());
    }

    private void addEnd(Message message, Chunk last) {
        Batch.End end = Batch.End.of(last);
        message.end = last;
        message.endEntries =
                List.of(
                        add(EventName.CHUNK, end.chunk()),
                        add(EventName.MESSAGE_COMPLETE, end.complete()));
    }

    Finish finish(Optional<UserId> user, Chunk last) {
        Message message = messages.get(last.messageId());
        if (message == null || (user.isPresent() && !user.get().equals(owner))) {
            return new Finish.Unknown();
        }
        if (message.done) {
            boolean again =
                    !message.refused
                            && message.end != null
                            && numbered(last, message.end.chunkId()).equals(message.end);
            return again ? new Finish.Finished(message.endEntries, pods()) : new Finish.Ended();
        }
        addEnd(message, numbered(last, last.messageId().equals(active) ? next : message.plainNext));
        end(last.messageId());
        return new Finish.Finished(message.endEntries, pods());
    }

    Plain appendPlain(List<Chunk> chunks, boolean closesGap) {
        if (!exists()) {
            return new Plain.None();
        }
        MessageId id = chunks.getFirst().messageId();
        Message message = messages.get(id);
        if (message != null && message.done) {
            return new Plain.Ended();
        } else if (message != null && message.claimed) {
            return new Plain.Ours();
        }
        boolean unknown = message == null;
        if (message == null) {
            message = new Message(null, tail().number() + 1);
        }
        List<Entry> added = new ArrayList<>();
        int doubled = 0;
        int gaps = 0;
        for (Chunk chunk : chunks) {
            if (chunk.chunkId() < message.plainNext) {
                doubled++;
                continue;
            }
            if (chunk.chunkId() > message.plainNext) {
                if (!closesGap || gaps > 0) {
                    break;
                }
                gaps++;
                added.add(add(message, numbered(RedisPlainLog.gap(chunk), message.plainNext)));
            }
            added.add(add(message, chunk));
            message.plainNext = chunk.chunkId() + 1;
            if (chunk.completion() != null) {
                added.add(add(EventName.MESSAGE_COMPLETE, chunk.completion().messageComplete(id)));
                break;
            }
        }
        boolean ends = !added.isEmpty() && added.getLast().event() == EventName.MESSAGE_COMPLETE;
        if (!added.isEmpty()) {
            messages.put(id, message);
            if (unknown && plain == null) {
                plain = id;
            }
            if (ends) {
                end(id);
                ended = waiting.isEmpty() ? tail().number() : ended;
            }
        }
        return new Plain.Taken(added, tail(), message.plainNext, doubled, gaps, ends);
    }

    private Entry add(Message message, Chunk chunk) {
        byte[] data = chunk.encode();
        message.chunks.add(data);
        return add(EventName.CHUNK, data);
    }

    private static Chunk numbered(Chunk chunk, int id) {
        return new Chunk(
                chunk.sessionId(),
                chunk.messageId(),
                id,
                chunk.body(),
                chunk.completion(),
                chunk.timestamp(),
                chunk.correlationId());
    }

    boolean release(MessageId id, Token by) {
        if (!id.equals(active) || !token.equals(by.value())) {
            return false;
        }
        leavesWorker(id);
        token = "";
        worker = "";
        known(id).attempts--;
        return true;
    }

    boolean ended(MessageId id) {
        Message message = messages.get(id);
        return message != null && message.done;
    }

    Attach attach(UserId user, String member, boolean register) {
        if (owner != null && !owner.equals(user)) {
            return new Attach.Foreign();
        }
        owner = user;
        if (register) {
            members.add(member);
        }
        long start = tail().number();
        if (!waiting.isEmpty()) {
            start = Math.max(ended, known(waiting.getFirst()).asked - 1);
        }
        if (plain != null) {
            start = Math.min(start, known(plain).asked - 1);
        }
        start = Math.min(start, unseen.orElse(start));
        return new Attach.Attached(
                tail(),
                place((int) start),
                unseen.isPresent() ? OptionalLong.of(unseenEnd) : OptionalLong.empty());
    }

    void detach(String member) {
        members.remove(member);
    }

    void seen(long upTo) {
        if (unseen.isPresent() && unseenEnd <= upTo) {
            unseen = OptionalLong.empty();
        } else if (unseen.isPresent()) {
            unseen = OptionalLong.of(Math.max(unseen.getAsLong(), upTo));
        }
    }

    Slice read(EntryId after, int most) {
        if (!exists()) {
            return new Slice.None();
        }
        if (after.generation() != generation) {
            return new Slice.Lost("other_generation", tail());
        }
        if (after.number() > entries.size()
                || (after.number() > 0 && !place((int) after.number()).equals(after))) {
            return new Slice.Lost("rolled_back", tail());
        }
        int from = (int) after.number();
        int to = Math.min(entries.size(), from + most);
        return new Slice.Entries(entries.subList(from, to), tail());
    }
}
