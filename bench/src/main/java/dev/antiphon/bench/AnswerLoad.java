package dev.antiphon.bench;

import org.HdrHistogram.Histogram;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Asks many questions at once, each in its own session with its own stream, and measures when the chunks come.
public final class AnswerLoad {

    /// Words that make an answer of the demo some 80 chunks long: eight seconds at its usual pace.
    private static final String QUESTION = "word ".repeat(200).strip();

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final URI base;
    private final int answers;
    private final Duration pace;

    /// Prepares a load.
    ///
    /// @param base a gateway, with its port
    /// @param answers how many at once, at least 1
    /// @param pace the demo's pause between two chunks, as the worker has it
    public AnswerLoad(URI base, int answers, Duration pace) {
        this.base = base;
        this.answers = answers;
        this.pace = pace;
    }

    /// What came.
    ///
    /// @param firstChunk milliseconds from sending the message to its first chunk
    /// @param lateness microseconds by which each chunk came after its turn: the answer's earliest pace is the plan
    public record Result(
            int answers, long chunks, Duration took, Histogram firstChunk, Histogram lateness) {

        public String text() {
            return """
            answers at once   %d
            chunks            %d in %.1f s (%.0f a second)
            first chunk ms    p50 %d  p99 %d  max %d
            chunk lateness ms p50 %.1f  p99 %.1f  max %.1f
            """
                    .formatted(
                            answers,
                            chunks,
                            took.toMillis() / 1e3,
                            chunks / (took.toMillis() / 1e3),
                            firstChunk.getValueAtPercentile(50),
                            firstChunk.getValueAtPercentile(99),
                            firstChunk.getMaxValue(),
                            lateness.getValueAtPercentile(50) / 1e3,
                            lateness.getValueAtPercentile(99) / 1e3,
                            lateness.getMaxValue() / 1e3);
        }
    }

    /// Runs the load; blocks until every answer is complete.
    ///
    /// @throws IOException when a stream or a message is refused, or an answer breaks off
    public Result run() throws IOException, InterruptedException {
        CountDownLatch connected = new CountDownLatch(answers);
        CountDownLatch go = new CountDownLatch(1);
        List<Future<long[]>> readers = new ArrayList<>();
        String runId = UUID.randomUUID().toString().substring(0, 8);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < answers; i++) {
                String session = "bench_" + runId + "_" + i;
                readers.add(threads.submit(() -> answer(session, connected, go)));
            }
            connected.await();
            long start = System.nanoTime();
            go.countDown();
            List<long[]> arrivals = new ArrayList<>();
            for (Future<long[]> reader : readers) {
                arrivals.add(arrivalsOf(reader, threads));
            }
            return result(arrivals, Duration.ofNanos(System.nanoTime() - start));
        }
    }

    private static long[] arrivalsOf(Future<long[]> reader, ExecutorService threads)
            throws IOException, InterruptedException {
        try {
            return reader.get();
        } catch (ExecutionException e) {
            threads.shutdownNow();
            throw new IOException("an answer failed: " + e.getCause(), e);
        }
    }

    /// Nanosecond times: when the message was sent, then when each chunk came.
    private long[] answer(String session, CountDownLatch connected, CountDownLatch go)
            throws IOException, InterruptedException {
        try (Socket stream = Wire.connect(base, PATIENCE)) {
            Wire.send(stream, base, "GET /api/sse?session_id=" + session + "&user_id=bench", "");
            EventLines events = new EventLines(stream.getInputStream());
            Wire.require(events, 200);
            events.awaitEvent("connected");
            connected.countDown();
            go.await();
            long sent = System.nanoTime();
            ask(session);
            return events.chunkTimes(sent);
        }
    }

    private void ask(String session) throws IOException {
        String body =
                "{\"session_id\":\"%s\",\"user_id\":\"bench\",\"ai_provider\":\"demo\",\"message\":\"%s\"}"
                        .formatted(session, QUESTION);
        try (Socket post = Wire.connect(base, PATIENCE)) {
            Wire.send(post, base, "POST /api/chat", body);
            Wire.require(new EventLines(post.getInputStream()), 202);
        }
    }

    private Result result(List<long[]> all, Duration took) {
        Histogram firstChunk = new Histogram(3);
        Histogram lateness = new Histogram(3);
        long chunks = 0;
        for (long[] times : all) {
            firstChunk.recordValue((times[1] - times[0]) / 1_000_000);
            long origin =
                    Long.MAX_VALUE; // where the plan begins if the most punctual chunk was on time
            for (int i = 1; i < times.length; i++) {
                origin = Math.min(origin, times[i] - (i - 1) * pace.toNanos());
            }
            for (int i = 1; i < times.length; i++) {
                lateness.recordValue((times[i] - (i - 1) * pace.toNanos() - origin) / 1_000);
            }
            chunks += times.length - 1;
        }
        return new Result(all.size(), chunks, took, firstChunk, lateness);
    }
}
