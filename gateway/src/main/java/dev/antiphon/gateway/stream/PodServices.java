package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.history.HistoryReader;
import dev.antiphon.backplane.log.LogReader;
import dev.antiphon.backplane.registry.ConnectionRegistry;

/// The services that all feeds and subscribers of a pod share.
///
/// @param reads limits the reads of log and history; each can bring 256 KiB
/// @param calls limits all other calls to Redis; their answers are small
record PodServices(
        Loop loop,
        LogReader log,
        HistoryReader history,
        ConnectionRegistry registry,
        Gate reads,
        Gate calls,
        Departures departures,
        StreamCounters counters) {

    /// 32 answers of 256 KiB are 8 MiB, and enough to keep Redis and the loop busy.
    private static final int READS_AT_ONCE = 32;

    /// Enough to fill the pipeline; 10,000 polls after a reconnect are then 20 round trips.
    private static final int CALLS_AT_ONCE = 512;

    /// How many entries one read asks for: about one write.
    static final int ENTRIES_PER_READ = 256;

    static PodServices of(
            Loop loop,
            LogReader log,
            HistoryReader history,
            ConnectionRegistry registry,
            StreamCounters counters) {
        Gate calls = new Gate(CALLS_AT_ONCE, loop);
        return new PodServices(
                loop,
                log,
                history,
                registry,
                new Gate(READS_AT_ONCE, loop),
                calls,
                new Departures(registry, calls, counters),
                counters);
    }
}
