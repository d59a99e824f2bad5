package dev.antiphon.bench;

import org.HdrHistogram.Histogram;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
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

/// Many readers that come back at the same time, each with the id of the first entry of a long answer. Measures the
/// time until all of them have the rest. Needs workers whose demo does not pause.
public final class ReplayStorm {

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /// Several readers share an answer, as tabs share a session; the gateway still reads the log for each reader.
    private static final int READERS_PER_SESSION = 40;

    private static final int WORDS_PER_CHUNK = 3;

    private final URI base;
    private final int readers;
    private final int entries;

    /// Prepares a storm.
    ///
    /// @param base a gateway, with its port
    /// @param readers how many come back at once, at least 1
    /// @param entries how many each of them lacks, at least 20
    public ReplayStorm(URI base, int readers, int entries) {
        this.base = base;
        this.readers = readers;
        this.entries = entries;
    }

    /// The measurements.
    ///
    /// @param each milliseconds from the storm's begin until each reader had everything
    public record ReplayTimes(int readers, long events, long bytes, Duration took, Histogram each) {

        public String text() {
            return """
            readers at once   %d
            entries           %d in %.1f s (%.0f a second, %.0f MB)
            reader served ms  p50 %d  p99 %d  max %d
            """
                    .formatted(
                            readers,
                            events,
                            took.toMillis() / 1e3,
                            events / (took.toMillis() / 1e3),
                            bytes / 1e6,
                            each.getValueAtPercentile(50),
                            each.getValueAtPercentile(99),
                            each.getMaxValue());
        }
    }

    private record AnswerStart(String session, String cursor) {}

    private record Served(long nanos, long events, long bytes) {}

    /// Asks for the answers, then starts the storm; blocks until every reader has its whole answer.
    ///
    /// @throws IOException when a stream is refused or breaks
    public ReplayTimes run() throws IOException, InterruptedException {
        List<AnswerStart> answers = new ArrayList<>();
        String runId = UUID.randomUUID().toString().substring(0, 8);
        for (int i = 0; i * READERS_PER_SESSION < readers; i++) {
            answers.add(ask("storm_" + runId + "_" + i));
        }
        CountDownLatch go = new CountDownLatch(1);
        List<Future<Served>> storm = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < readers; i++) {
                AnswerStart answer = answers.get(i % answers.size());
                storm.add(
                        threads.submit(() -> {
                            go.await();
                            return replay(answer);
                        }));
            }
            long start = System.nanoTime();
            go.countDown();
            Histogram each = new Histogram(3);
            long events = 0;
            long bytes = 0;
            for (Future<Served> reader : storm) {
                Served served = served(reader, threads);
                each.recordValue((served.nanos() - start) / 1_000_000);
                events += served.events();
                bytes += served.bytes();
            }
            return new ReplayTimes(
                    readers, events, bytes, Duration.ofNanos(System.nanoTime() - start), each);
        }
    }

    private static Served served(Future<Served> reader, ExecutorService threads)
            throws IOException, InterruptedException {
        try {
            return reader.get();
        } catch (ExecutionException e) {
            threads.shutdownNow();
            throw new IOException("a reader failed: " + e.getCause(), e);
        }
    }

    /// Asks for an answer of about this many entries and returns its start.
    private AnswerStart ask(String session) throws IOException {
        int words = (entries - 15) * WORDS_PER_CHUNK;
        String body =
                "{\"session_id\":\"%s\",\"user_id\":\"bench\",\"ai_provider\":\"demo\",\"message\":\"%s\"}"
                        .formatted(session, "word ".repeat(words).strip());
        try (Socket stream = BenchHttp.connect(base, PATIENCE)) {
            BenchHttp.send(
                    stream, base, "GET /api/sse?session_id=" + session + "&user_id=bench", "");
            EventLines events = new EventLines(stream.getInputStream());
            BenchHttp.require(events, 200);
            events.awaitEvent("connected");
            try (Socket post = BenchHttp.connect(base, PATIENCE)) {
                BenchHttp.send(post, base, "POST /api/chat", body);
                BenchHttp.require(new EventLines(post.getInputStream()), 202);
            }
            String cursor = events.nextId();
            events.awaitEvent("message_complete");
            return new AnswerStart(session, cursor);
        }
    }

    private Served replay(AnswerStart answer) throws IOException {
        try (Socket stream = BenchHttp.connect(base, PATIENCE)) {
            BenchHttp.send(
                    stream,
                    base,
                    "GET /api/sse?session_id="
                            + answer.session()
                            + "&user_id=bench&last_event_id="
                            + answer.cursor(),
                    "");
            // Not line by line: the readers share the machine with the system under test.
            byte[] end = "\nevent: message_complete\n".getBytes(StandardCharsets.US_ASCII);
            byte[] begin = "\nid: ".getBytes(StandardCharsets.US_ASCII);
            TextCounter ended = new TextCounter(end);
            TextCounter begun = new TextCounter(begin);
            byte[] buffer = new byte[32 * 1024];
            long bytes = 0;
            while (ended.count == 0) {
                int read = stream.getInputStream().read(buffer);
                if (read < 0) {
                    throw new IOException("the stream ended before the answer did");
                }
                bytes += read;
                for (int i = 0; i < read; i++) {
                    ended.see(buffer[i]);
                    begun.see(buffer[i]);
                }
            }
            return new Served(System.nanoTime(), begun.count, bytes);
        }
    }

    /// Counts a text that begins with a line end and has no other but its last.
    private static final class TextCounter {
        private final byte[] wanted;
        private int at;
        private long count;

        TextCounter(byte[] wanted) {
            this.wanted = wanted;
        }

        void see(byte next) {
            if (next == wanted[at]) {
                at++;
            } else {
                at = next == wanted[0] ? 1 : 0;
            }
            if (at == wanted.length) {
                count++;
                at = wanted[at - 1] == wanted[0] ? 1 : 0;
            }
        }
    }
}
