package dev.antiphon.bench.load;

import dev.antiphon.bench.client.Fault;

import org.HdrHistogram.Histogram;

import java.util.ArrayList;
import java.util.List;

/// What the readers of a load got within a window. The loop's thread writes it; read it when the window is over.
public final class Counts {

    private static final int DIGITS = 3;
    private static final int FAULTS_KEPT = 5;

    private final Histogram firstChunk = new Histogram(DIGITS);
    private final Histogram lateness = new Histogram(DIGITS);
    private final List<Fault> faults = new ArrayList<>();
    private long faultCount;
    private long answers;
    private long chunks;
    private long unasked;

    void firstChunk(long nanos) {
        firstChunk.recordValue(Math.max(0, nanos / 1_000));
    }

    /// A chunk, or a token, came this much after its time.
    public void late(long nanos) {
        lateness.recordValue(Math.max(0, nanos / 1_000));
    }

    /// A chunk, or a token, arrived.
    public void chunk() {
        chunks++;
    }

    void answer() {
        answers++;
    }

    void notAsked() {
        unasked++;
    }

    void fault(Fault fault) {
        faultCount++;
        if (faults.size() < FAULTS_KEPT) {
            faults.add(fault);
        }
    }

    /// A new count that knows of the same faults.
    Counts faultsAlone() {
        Counts next = new Counts();
        next.faults.addAll(faults);
        next.faultCount = faultCount;
        return next;
    }

    /// Complete answers.
    public long answers() {
        return answers;
    }

    /// Chunks; in a load of tokens, tokens.
    public long chunks() {
        return chunks;
    }

    /// Messages that could not be sent in time because every session still waited for an answer.
    public long unasked() {
        return unasked;
    }

    public long faultCount() {
        return faultCount;
    }

    /// The first faults.
    public List<Fault> faults() {
        return List.copyOf(faults);
    }

    /// Milliseconds from the time when a message was to be sent to its first chunk.
    public double firstChunkMillis(double percentile) {
        return firstChunk.getValueAtPercentile(percentile) / 1e3;
    }

    /// Milliseconds by which chunks came later than planned.
    public double latenessMillis(double percentile) {
        return lateness.getValueAtPercentile(percentile) / 1e3;
    }
}
