package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.log.Plain;
import dev.antiphon.backplane.log.PlainLog;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Brings the chunks of plain workers into the log. Such a worker sends each chunk to every pod of the session, at most
/// once each, so each pod offers the chunks that it received; the log takes each chunk from the first pod. A chunk that
/// arrived too early waits here until the earlier ones are in the log, or count as lost.
///
/// All methods are called on the loop unless they say otherwise.
public final class PlainAnswers {

    /// How long a chunk waits for earlier ones.
    static final long HOLD = Duration.ofSeconds(2).toNanos();

    /// When so many wait, the missing ones count as lost at once.
    static final int MOST_HELD = 64;

    /// The maximum number of chunks in one call to Redis.
    private static final int MOST_AT_ONCE = 256;

    /// Answers with chunks that wait here; chunks of further ones are dropped.
    private static final int MOST_ANSWERS = 1_000;

    /// The maximum size of all waiting chunks, by their texts; further ones are dropped. Another pod might have
    /// taken them.
    private static final long MOST_CHARACTERS = 16L << 20;

    /// Chunks on their way to the loop: a second's worth of several hundred fast answers.
    private static final int MOST_ON_THE_WAY = 65_536;

    private record Key(SessionId session, MessageId message) {}

    private record Held(Chunk chunk, int size, long since) {}

    /// One message's chunks that the log does not have yet.
    private static final class HeldAnswer {
        private final TreeMap<Integer, Held> held = new TreeMap<>();
        private boolean asking;
        private long notBefore;

        /// Chunks up to this one were counted as held.
        private int countedTo = -1;
    }

    private final Loop loop;
    private final PlainLog log;
    private final History history;
    private final Hub hub;
    private final StreamCounters counters;
    private final AtomicInteger onTheWay = new AtomicInteger();
    private final Map<Key, HeldAnswer> answers = new HashMap<>();
    private long characters;

    /// Begins without chunks.
    public PlainAnswers(
            Loop loop, PlainLog log, History history, Hub hub, StreamCounters counters) {
        this.loop = loop;
        this.log = log;
        this.history = history;
        this.hub = hub;
        this.counters = counters;
    }

    /// Receives a plain worker's chunk. Any thread; does not block.
    public void heard(Chunk chunk) {
        if (onTheWay.incrementAndGet() > MOST_ON_THE_WAY) {
            onTheWay.decrementAndGet();
            counters.add(StreamCount.PLAIN_DROPPED);
            return;
        }
        loop.execute(() -> {
            onTheWay.decrementAndGet();
            take(chunk);
        });
    }

    private void take(Chunk chunk) {
        Key key = new Key(chunk.sessionId(), chunk.messageId());
        HeldAnswer answer = answers.get(key);
        int size = sizeOf(chunk);
        boolean full = answer == null && answers.size() == MOST_ANSWERS;
        if (full || characters + size > MOST_CHARACTERS) {
            counters.add(StreamCount.PLAIN_DROPPED);
            return;
        }
        if (answer == null) {
            answer = new HeldAnswer();
            answers.put(key, answer);
        }
        Held held = new Held(chunk, size, loop.nanoTime());
        if (answer.held.putIfAbsent(chunk.chunkId(), held) == null) {
            characters += size;
        } else {
            counters.add(StreamCount.PLAIN_DOUBLE);
        }
        offer(key, answer);
    }

    /// Its approximate size: only text can be long.
    private static int sizeOf(Chunk chunk) {
        return 256
                + switch (chunk.body()) {
                    case ChunkBody.Content(String text) -> text.length();
                    case ChunkBody.Reasoning(String text) -> text.length();
                    case ChunkBody.ToolCall call -> call.arguments().length();
                    case ChunkBody.ToolResult result -> result.result().length();
                    case ChunkBody.Status status -> status.details().toString().length();
                    case ChunkBody.Failure failure -> failure.message().length();
                    case ChunkBody.Reset _ -> 0;
                };
    }

    /// Offers the waiting chunks to the log. One call for each message is in progress at a time.
    private void offer(Key key, HeldAnswer answer) {
        long now = loop.nanoTime();
        if (answer.asking || answer.held.isEmpty() || now - answer.notBefore < 0) {
            return;
        }
        answer.asking = true;
        List<Chunk> chunks =
                answer.held.values().stream().limit(MOST_AT_ONCE).map(Held::chunk).toList();
        boolean lost = answer.held.size() >= MOST_HELD || isOverdue(answer, now);
        hub.ask(
                () -> log.append(chunks, lost),
                taken -> {
                    answer.asking = false;
                    offered(key, answer, chunks, taken);
                },
                _ -> {
                    answer.asking = false;
                    answer.notBefore = loop.nanoTime() + Subscriber.RETRY_AFTER;
                    counters.add(StreamCount.PLAIN_FAILED);
                });
    }

    private static boolean isOverdue(HeldAnswer answer, long now) {
        return answer.held.values().stream().anyMatch(held -> now - held.since() >= HOLD);
    }

    private void offered(Key key, HeldAnswer answer, List<Chunk> chunks, Plain found) {
        switch (found) {
            case Plain.Taken taken -> taken(key, answer, chunks, taken);
            case Plain.Ours(), Plain.Ended() -> forget(answer, StreamCount.PLAIN_IGNORED);
            case Plain.None() -> forget(answer, StreamCount.PLAIN_DROPPED);
        }
        if (answer.held.isEmpty()) {
            answers.remove(key, answer);
        }
    }

    private void taken(Key key, HeldAnswer answer, List<Chunk> offered, Plain.Taken taken) {
        counters.add(StreamCount.PLAIN_DOUBLE, taken.doubled());
        counters.add(StreamCount.PLAIN_GAP, taken.gaps());
        for (Entry entry : taken.entries()) {
            switch (entry.event()) {
                case CHUNK -> counters.add(StreamCount.PLAIN_APPENDED);
                case MESSAGE_COMPLETE,
                        MESSAGE,
                        CONNECTED,
                        STATUS,
                        RESYNC,
                        REFUSED,
                        SESSION,
                        LIST -> {}
            }
            hub.rang(new Ring(key.session(), entry));
        }
        if (taken.entries().isEmpty()) {
            hub.endsAt(key.session(), taken.tail()); // others appended, without a ring
        }
        int below = forgetBelow(answer, taken.next());
        long offeredBelow =
                offered.stream().filter(chunk -> chunk.chunkId() < taken.next()).count();
        counters.add(StreamCount.PLAIN_DOUBLE, below - offeredBelow); // arrived again meanwhile
        if (taken.ended()) {
            forget(answer, StreamCount.PLAIN_IGNORED);
            settle(key.session());
        } else if (!answer.held.isEmpty()) {
            countHeld(answer, offered.getLast().chunkId());
            if (below > 0) {
                offer(key, answer); // more arrived meanwhile
            }
        }
    }

    private int forgetBelow(HeldAnswer answer, int next) {
        List<Integer> below = new ArrayList<>(answer.held.headMap(next).keySet());
        below.forEach(id -> remove(answer, id));
        return below.size();
    }

    private void forget(HeldAnswer answer, StreamCount why) {
        counters.add(why, answer.held.size());
        List.copyOf(answer.held.keySet()).forEach(id -> remove(answer, id));
    }

    private void remove(HeldAnswer answer, int id) {
        Held held = answer.held.remove(id);
        if (held != null) {
            characters -= held.size();
        }
    }

    /// Chunks that were offered and not taken wait for others.
    private void countHeld(HeldAnswer answer, int lastOffered) {
        if (lastOffered > answer.countedTo) {
            counters.add(
                    StreamCount.PLAIN_HELD,
                    answer.held.subMap(answer.countedTo, false, lastOffered, true).size());
            answer.countedTo = lastOffered;
        }
    }

    /// If this fails, a worker does it later; until then a resync shows the log itself.
    private void settle(SessionId session) {
        hub.ask(
                () -> history.settle(session),
                _ -> {},
                _ -> counters.add(StreamCount.PLAIN_FAILED));
    }

    /// Gives up chunks that are overdue, and retries failed calls. Called about every half second.
    public void tick() {
        long now = loop.nanoTime();
        for (Map.Entry<Key, HeldAnswer> each : List.copyOf(answers.entrySet())) {
            HeldAnswer answer = each.getValue();
            if (answer.held.isEmpty() && !answer.asking) {
                answers.remove(each.getKey());
            } else if (isOverdue(answer, now) || now - answer.notBefore >= 0) {
                offer(each.getKey(), answer);
            }
        }
    }
}
