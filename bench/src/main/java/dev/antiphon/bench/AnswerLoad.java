package dev.antiphon.bench;

import org.HdrHistogram.Histogram;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Asks many questions at once, each in its own session with its own stream, and measures when the chunks arrive.
public final class AnswerLoad {

    /// Words for an answer of the demo of some 80 chunks: eight seconds at its usual pace.
    private static final String QUESTION = "word ".repeat(200).strip();

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final URI base;
    private final int answers;
    private final Duration pace;

    /// Prepares a load.
    ///
    /// @param base a gateway, with its port
    /// @param answers how many at once, at least 1
    /// @param pace the demo's pause between two chunks, as set in the worker
    public AnswerLoad(URI base, int answers, Duration pace) {
        this.base = base;
        this.answers = answers;
        this.pace = pace;
    }

    /// The measurements.
    ///
    /// @param firstChunk milliseconds from sending the message to its first chunk
    /// @param lateness microseconds by which each chunk arrived after its turn, relative to the answer's earliest pace
    public record AnswerTimes(
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
    /// @throws IOException when a stream or a message is refused, or an answer ends early; all other streams are
    ///     then closed
    public AnswerTimes run() throws IOException, InterruptedException {
        String runId = UUID.randomUUID().toString().substring(0, 8);
        List<Stream> streams = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                List<Future<Stream>> opening = new ArrayList<>();
                for (int i = 0; i < answers; i++) {
                    String session = "bench_" + runId + "_" + i;
                    opening.add(threads.submit(() -> open(session)));
                }
                for (Future<Stream> each : opening) {
                    streams.add(resultOf(each));
                }
                long start = System.nanoTime();
                List<Future<long[]>> reading = new ArrayList<>();
                for (Stream stream : streams) {
                    reading.add(threads.submit(() -> answer(stream)));
                }
                List<long[]> arrivals = new ArrayList<>();
                for (Future<long[]> each : reading) {
                    arrivals.add(resultOf(each));
                }
                return result(arrivals, Duration.ofNanos(System.nanoTime() - start));
            } finally {
                // Closing a socket ends the read that waits on it, so the threads end too.
                threads.shutdownNow();
                for (Stream stream : streams) {
                    stream.socket().close();
                }
            }
        }
    }

    private static <T> T resultOf(Future<T> task) throws IOException, InterruptedException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause
                    ? cause
                    : new IOException("an answer failed: " + e.getCause(), e);
        }
    }

    /// A session's stream that the gateway has opened.
    private record Stream(String session, Socket socket, EventLines events) {}

    private Stream open(String session) throws IOException {
        Socket socket = BenchHttp.connect(base, PATIENCE);
        try {
            BenchHttp.send(
                    socket, base, "GET /api/sse?session_id=" + session + "&user_id=bench", "");
            EventLines events = new EventLines(socket.getInputStream());
            BenchHttp.require(events, 200);
            events.awaitEvent("connected");
            return new Stream(session, socket, events);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// Nanosecond times: when the message was sent, then when each chunk arrived.
    private long[] answer(Stream stream) throws IOException {
        long sent = System.nanoTime();
        ask(stream.session());
        return stream.events().chunkTimes(sent);
    }

    private void ask(String session) throws IOException {
        String body =
                "{\"session_id\":\"%s\",\"user_id\":\"bench\",\"ai_provider\":\"demo\",\"message\":\"%s\"}"
                        .formatted(session, QUESTION);
        try (Socket post = BenchHttp.connect(base, PATIENCE)) {
            BenchHttp.send(post, base, "POST /api/chat", body);
            BenchHttp.require(new EventLines(post.getInputStream()), 202);
        }
    }

    private AnswerTimes result(List<long[]> all, Duration took) {
        Histogram firstChunk = new Histogram(3);
        Histogram lateness = new Histogram(3);
        long chunks = 0;
        for (long[] times : all) {
            firstChunk.recordValue((times[1] - times[0]) / 1_000_000);
            long origin = Long.MAX_VALUE; // the plan's start if the most punctual chunk was on time
            for (int i = 1; i < times.length; i++) {
                origin = Math.min(origin, times[i] - (i - 1) * pace.toNanos());
            }
            for (int i = 1; i < times.length; i++) {
                lateness.recordValue((times[i] - (i - 1) * pace.toNanos() - origin) / 1_000);
            }
            chunks += times.length - 1;
        }
        return new AnswerTimes(all.size(), chunks, took, firstChunk, lateness);
    }
}
