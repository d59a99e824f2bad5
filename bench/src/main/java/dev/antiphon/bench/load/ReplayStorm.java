package dev.antiphon.bench.load;

import dev.antiphon.bench.client.Answer;
import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.client.Conversation;
import dev.antiphon.bench.client.Question;
import dev.antiphon.bench.client.Target;

import org.HdrHistogram.Histogram;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Many readers that come back at the same time, each with the id of the first entry of a long answer. Measures the
/// time until all of them have the rest. Needs workers whose demo does not pause.
///
/// @param readers how many come back at once, at least 1
/// @param entries how many each of them lacks, at least 20
public record ReplayStorm(Target target, int readers, int entries) {

    /// Several readers share an answer, as tabs share a session; the gateway still reads the log for each reader.
    private static final int READERS_PER_SESSION = 40;

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

    private record AnswerStart(String session, String cursor, Question question) {}

    /// Asks for the answers, then starts the storm; blocks until every reader has its whole answer.
    ///
    /// @throws IOException when a stream is refused or ends early, or an answer is not what it must be
    public ReplayTimes run(Client client) throws IOException, InterruptedException {
        List<AnswerStart> places = new ArrayList<>();
        for (int i = 0; i * READERS_PER_SESSION < readers; i++) {
            places.add(ask(client));
        }
        Gathering storm = new Gathering(client);
        Counting counting = new Counting();
        try {
            long start = System.nanoTime();
            storm.open(
                    2 * readers, // each is open, and then has its answer
                    readers,
                    (listener, i) -> {
                        AnswerStart place = places.get(i % places.size());
                        Conversation reader =
                                client.watch(target, place.session(), place.cursor(), listener);
                        reader.expect(place.question(), start);
                        return reader;
                    },
                    counting);
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            return new ReplayTimes(readers, counting.events, counting.bytes, took, counting.each);
        } finally {
            storm.close();
        }
    }

    /// Asks for an answer of about this many entries and returns its start.
    private AnswerStart ask(Client client) throws IOException, InterruptedException {
        Gathering one = new Gathering(client);
        try {
            Conversation reader =
                    one.open(1, 1, (listener, _) -> client.open(target, listener), new Counting())
                            .getFirst();
            Question question =
                    client.loop().get(() -> Question.ofChunks(client.nextMessage(), entries));
            Question any = question.inAnyChunks();
            one.await(1, () -> reader.ask(any, System.nanoTime()));
            return new AnswerStart(reader.session(), reader.lastId(), any);
        } finally {
            one.close();
        }
    }

    private static final class Counting implements Gathering.Reader {
        private final Histogram each = new Histogram(3);
        private long events;
        private long bytes;

        @Override
        public void ended(Conversation conversation, Answer answer, long at) {
            each.recordValue(Math.max(0, (at - answer.dueAt()) / 1_000_000));
            events += answer.chunks() + 1;
            bytes += conversation.bytes();
        }
    }
}
