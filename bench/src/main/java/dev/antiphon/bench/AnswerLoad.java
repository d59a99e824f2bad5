package dev.antiphon.bench;

import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
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
    private final HttpClient http;

    /// Prepares a load.
    ///
    /// @param answers how many at once, at least 1
    /// @param pace the demo's pause between two chunks, as the worker has it
    public AnswerLoad(URI base, int answers, Duration pace, HttpClient http) {
        this.base = base;
        this.answers = answers;
        this.pace = pace;
        this.http = http;
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
        HttpResponse<InputStream> stream =
                http.send(
                        HttpRequest.newBuilder(
                                        base.resolve(
                                                "/api/sse?session_id="
                                                        + session
                                                        + "&user_id=bench"))
                                .build(),
                        BodyHandlers.ofInputStream());
        require(stream, 200);
        try (BufferedReader events =
                new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            connected.countDown();
            go.await();
            List<Long> times = new ArrayList<>();
            times.add(System.nanoTime());
            send(session);
            read(events, times);
            return times.stream().mapToLong(Long::longValue).toArray();
        }
    }

    private void send(String session) throws IOException, InterruptedException {
        String body =
                "{\"session_id\":\""
                        + session
                        + "\",\"user_id\":\"bench\",\"ai_provider\":\"demo\",\"message\":\""
                        + QUESTION
                        + "\"}";
        require(
                http.send(
                        HttpRequest.newBuilder(base.resolve("/api/chat"))
                                .header("Content-Type", "application/json")
                                .timeout(PATIENCE)
                                .POST(BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.discarding()),
                202);
    }

    private static void read(BufferedReader events, List<Long> times) throws IOException {
        for (String line = nextLine(events); !line.equals("event: message_complete"); ) {
            if (line.equals("event: chunk")) {
                times.add(System.nanoTime());
            }
            line = nextLine(events);
        }
    }

    private static String nextLine(BufferedReader events) throws IOException {
        @Nullable String line = events.readLine();
        if (line == null) {
            throw new IOException("the stream ended before the answer did");
        }
        return line;
    }

    private static void require(HttpResponse<?> response, int status) throws IOException {
        if (response.statusCode() != status) {
            throw new IOException(response.request().uri() + " answered " + response.statusCode());
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
