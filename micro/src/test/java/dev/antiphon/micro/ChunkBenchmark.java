package dev.antiphon.micro;

import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

import java.time.Instant;
import java.util.concurrent.TimeUnit;

/// A chunk from the worker to the browser's frame: encode, hash, parse.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChunkBenchmark {

    private final Chunk chunk =
            new Chunk(
                    new SessionId("session_4711"),
                    new MessageId("msg_0815_abcdef"),
                    7,
                    new ChunkBody.Content("three more words "),
                    null,
                    Instant.parse("2026-11-29T12:00:00.123Z"),
                    "correlation_0815");

    private final byte[] data = chunk.encode();
    private final EntryId before = EntryId.start(471_100_815).next(EventName.CHUNK, data);
    private final Entry entry =
            new Entry(before.next(EventName.CHUNK, data), EventName.CHUNK, data);
    private final byte[] wire = new Ring(chunk.sessionId(), entry).encode();

    /// The worker encodes a chunk.
    @Benchmark
    public byte[] encode() {
        return chunk.encode();
    }

    /// The worker encodes the ring of an entry.
    @Benchmark
    public byte[] encodeRing() {
        return new Ring(chunk.sessionId(), entry).encode();
    }

    /// The gateway computes the id that an entry must have.
    @Benchmark
    public EntryId hash() {
        return before.next(EventName.CHUNK, data);
    }

    /// The gateway reads a ring.
    @Benchmark
    public @Nullable Ring parseRing() {
        return Ring.decodeChunk(wire);
    }

    /// A pod reads the chunk of a plain worker.
    @Benchmark
    public Chunk parseChunk() {
        return Chunk.decode(data);
    }

    /// The gateway makes the bytes that all browsers get.
    @Benchmark
    public byte[] frame() {
        return entry.frame();
    }
}
