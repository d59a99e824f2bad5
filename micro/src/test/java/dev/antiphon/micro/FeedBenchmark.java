package dev.antiphon.micro;

import dev.antiphon.backplane.history.HistoryReader;
import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.history.SessionState;
import dev.antiphon.backplane.history.UserSessions;
import dev.antiphon.backplane.log.LogReader;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.ConnectionRegistry;
import dev.antiphon.gateway.stream.Cursor;
import dev.antiphon.gateway.stream.EventOutlet;
import dev.antiphon.gateway.stream.Hub;
import dev.antiphon.gateway.stream.Loop;
import dev.antiphon.gateway.stream.Opened;
import dev.antiphon.gateway.stream.StreamCounters;
import dev.antiphon.gateway.stream.Subscriber;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/// A ring from its arrival in a pod to the writes to all readers of its session, without sockets.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FeedBenchmark {

    private static final SessionId SESSION = new SessionId("session_4711");
    private static final UserId USER = new UserId("user_1");

    /// How many readers the session has.
    @Param({"1", "500"})
    public int readers;

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final Written written = new Written();
    private final byte[] data =
            new Chunk(
                            SESSION,
                            new MessageId("msg_0815_abcdef"),
                            7,
                            new ChunkBody.Content("three more words "),
                            null,
                            Instant.parse("2026-11-29T12:00:00.123Z"),
                            "correlation_0815")
                    .encode();
    private EntryId tail = EntryId.start(471_100_815);
    private Hub hub = hub();
    private int connections;

    private Hub hub() {
        Nothing nothing = new Nothing();
        return new Hub(
                new Tasks(),
                nothing,
                nothing,
                nothing,
                nothing,
                () -> new ConnectionId("c" + connections++),
                new StreamCounters());
    }

    /// Connects the readers.
    @Setup
    public void connect() {
        hub = hub();
        for (int i = 0; i < readers; i++) {
            var _ =
                    hub.open(
                            SESSION,
                            USER,
                            new Cursor.None(),
                            opened -> {
                                if (opened instanceof Opened.Ready(Subscriber subscriber)) {
                                    subscriber.start(written);
                                }
                            });
        }
        runAll();
    }

    /// One ring, and the writes that follow.
    @Benchmark
    public long deliver() {
        tail = tail.next(EventName.CHUNK, data);
        hub.rang(List.of(new Ring(SESSION, new Entry(tail, EventName.CHUNK, data))));
        runAll();
        return written.bytes;
    }

    /// A benchmark of nothing would be fast.
    @TearDown
    public void check() {
        if (written.bytes < (long) readers * data.length) {
            throw new IllegalStateException("the readers got nothing");
        }
    }

    private void runAll() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private final class Tasks implements Loop {
        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }
    }

    /// Readers that are as fast as can be.
    private static final class Written implements EventOutlet {
        private long bytes;

        @Override
        public void write(byte[] each) {
            bytes += each.length;
        }

        @Override
        public boolean writable() {
            return true;
        }

        @Override
        public long bytesWaiting() {
            return 0;
        }

        @Override
        public void end() {
            throw new IllegalStateException("the hub ended a stream");
        }

        @Override
        public void abort() {
            throw new IllegalStateException("the hub closed a connection");
        }
    }

    /// A Redis in which the session is new, and in which nothing has to be looked up.
    private final class Nothing
            implements LogReader, HistoryReader, UserSessions, ConnectionRegistry {
        @Override
        public CompletionStage<Slice> read(SessionId session, EntryId after, int most) {
            throw new IllegalStateException("the feed reads the log, so the rings do not fit");
        }

        @Override
        public CompletionStage<Optional<EntryId>> tail(SessionId session) {
            return CompletableFuture.completedStage(Optional.of(tail));
        }

        @Override
        public CompletionStage<Optional<Recent>> newest(SessionId session, UserId user) {
            return CompletableFuture.completedStage(Optional.empty());
        }

        @Override
        public CompletionStage<List<SessionState>> newest(UserId user) {
            return CompletableFuture.completedStage(List.of());
        }

        @Override
        public CompletionStage<List<SessionState>> states(UserId user, List<SessionId> sessions) {
            return CompletableFuture.completedStage(List.of());
        }

        @Override
        public CompletionStage<Attach> attach(
                SessionId session, UserId user, ConnectionId connection, boolean register) {
            return CompletableFuture.completedStage(
                    new Attach.Attached(tail, tail, OptionalLong.empty()));
        }

        @Override
        public CompletionStage<Void> detach(SessionId session, ConnectionId connection) {
            return done();
        }

        @Override
        public CompletionStage<Void> refresh(SessionId session, ConnectionId connection) {
            return done();
        }

        @Override
        public CompletionStage<Void> seen(SessionId session, long unseen) {
            return done();
        }

        @Override
        public CompletionStage<Void> purge() {
            return done();
        }

        private static CompletionStage<Void> done() {
            return CompletableFuture.allOf();
        }
    }
}
