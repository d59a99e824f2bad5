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

/// Asks many questions at once, each in its own session with its own stream, and measures when the chunks arrive.
///
/// @param answers how many at once, at least 1
/// @param pace the demo's pause between two chunks, as set in the worker
public record AnswerLoad(Target target, int answers, Duration pace) {

    /// An answer of some 80 chunks: eight seconds at the demo's usual pace.
    private static final int CHUNKS = 80;

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
    /// @throws IOException when a stream or a message is refused, or an answer is not what it must be
    public AnswerTimes run(Client client) throws IOException, InterruptedException {
        List<Arrivals> arrivals = new ArrayList<>();
        Gathering readers = new Gathering(client);
        try {
            List<Conversation> tabs = new ArrayList<>();
            for (int i = 0; i < answers; i++) {
                Arrivals own = new Arrivals();
                arrivals.add(own);
                tabs.add(
                        readers.open(1, 1, (listener, _) -> client.open(target, listener), own)
                                .getLast());
            }
            long start = System.nanoTime();
            readers.await(
                    answers,
                    () -> {
                        for (int i = 0; i < answers; i++) {
                            Question question =
                                    Question.ofChunks(client.nextMessage(), CHUNKS).inAnyChunks();
                            arrivals.get(i).askedAt = System.nanoTime();
                            tabs.get(i).ask(question, System.nanoTime());
                        }
                    });
            return result(arrivals, Duration.ofNanos(System.nanoTime() - start));
        } finally {
            readers.close();
        }
    }

    private static final class Arrivals implements Gathering.Reader {
        private long askedAt;
        private final List<Long> chunks = new ArrayList<>();

        @Override
        public void chunk(long at) {
            chunks.add(at);
        }

        @Override
        public void ended(Conversation conversation, Answer answer, long at) {
            // All its chunks are here.
        }
    }

    private AnswerTimes result(List<Arrivals> all, Duration took) {
        Histogram firstChunk = new Histogram(3);
        Histogram lateness = new Histogram(3);
        long chunks = 0;
        for (Arrivals each : all) {
            firstChunk.recordValue((each.chunks.getFirst() - each.askedAt) / 1_000_000);
            long origin = Long.MAX_VALUE; // the plan's start if the most punctual chunk was on time
            for (int i = 0; i < each.chunks.size(); i++) {
                origin = Math.min(origin, each.chunks.get(i) - i * pace.toNanos());
            }
            for (int i = 0; i < each.chunks.size(); i++) {
                lateness.recordValue((each.chunks.get(i) - i * pace.toNanos() - origin) / 1_000);
            }
            chunks += each.chunks.size();
        }
        return new AnswerTimes(all.size(), chunks, took, firstChunk, lateness);
    }
}
