package dev.antiphon.chaos;

import dev.antiphon.chaos.check.Checker;
import dev.antiphon.chaos.check.RecoveryTimes;
import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.HistoryWriter;
import dev.antiphon.chaos.history.RecordedHistory;
import dev.antiphon.chaos.load.Calm;
import dev.antiphon.chaos.load.Load;
import dev.antiphon.chaos.load.Tracker;
import dev.antiphon.chaos.nemesis.Nemesis;
import dev.antiphon.chaos.system.Baseline;
import dev.antiphon.chaos.system.DirectRedis;
import dev.antiphon.chaos.system.Launch;
import dev.antiphon.chaos.system.SystemUnderTest;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// One chaos run, from an empty folder to its result.
public final class Chaos {

    /// Some 37 chunks per answer, 7 s: long enough for several faults during one answer.
    private static final Map<String, String> SETTINGS =
            Map.of("CHAT_DEMO_DELAY", "200ms", "CHAT_DEMO_WORDS", "4");

    /// As many answers as two cores serve next to the harness, with half of their capacity free.
    private static final double ANSWERS_A_SECOND = 9;

    /// One fault of every kind takes about this long.
    private static final Duration LEAST = Duration.ofMinutes(2);

    private static final Duration SHOW_EVERY = Duration.ofSeconds(15);

    private Chaos() {}

    /// The options of a run.
    ///
    /// @param answers how many messages, at least 1
    /// @param seed decides sessions, texts, tabs, kinds of fault and their order; not how long things take
    /// @param folder for history, data and logs; must be empty or missing
    public record Options(int answers, long seed, Path folder) {

        public Options {
            if (answers < 1) {
                throw new IllegalArgumentException(
                        "--answers must be at least 1, but is " + answers);
            }
        }

        /// The file with the history.
        public Path history() {
            return folder.resolve("history.jsonl.gz");
        }

        /// The command that repeats the run.
        public String command() {
            return "./antiphon chaos --answers " + answers + " --seed " + seed;
        }
    }

    /// Runs it; blocks for minutes.
    ///
    /// @param progress gets a line from time to time
    /// @throws IOException when the history cannot be written
    public static ChaosResult run(Options options, Launch launch, PrintStream progress)
            throws IOException, InterruptedException {
        Files.createDirectories(options.folder());
        long begin = System.nanoTime();
        List<String> differences;
        long takeovers;
        try (HistoryWriter history = HistoryWriter.create(options.history());
                SystemUnderTest system = SystemUnderTest.open(options.folder(), launch, SETTINGS);
                DirectRedis redis = DirectRedis.open(system.redis().port())) {
            history.write(at -> new HistoryLine.Run(at, options.seed(), options.answers()));
            Baseline baseline = Baseline.of(system, redis);
            int sessions = strike(options, system, redis, history, progress);
            differences = baseline.differences(sessions, options.answers());
            takeovers = system.takeovers();
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        return result(options, took, takeovers, differences);
    }

    /// Checks an existing history.
    public static ChaosResult result(
            Options options, Duration took, long takeovers, List<String> differences)
            throws IOException {
        RecordedHistory history = RecordedHistory.read(options.history());
        return new ChaosResult(
                options,
                took,
                takeovers,
                history.faults(),
                RecoveryTimes.times(history),
                resyncs(history),
                Checker.check(history),
                differences);
    }

    private static long resyncs(RecordedHistory history) {
        return history.sessions().values().stream()
                .flatMap(List::stream)
                .filter(line ->
                        line instanceof HistoryLine.Event event && event.event().equals("resync"))
                .count();
    }

    /// Runs load and faults together until both have ended.
    ///
    /// @return the number of sessions
    private static int strike(
            Options options,
            SystemUnderTest system,
            DirectRedis redis,
            HistoryWriter history,
            PrintStream progress)
            throws InterruptedException {
        Tracker tracker = new Tracker();
        Calm calm = new Calm();
        Nemesis nemesis = new Nemesis(system, redis, history, tracker, calm, options.seed());
        Duration time = Duration.ofMillis((long) (options.answers() / ANSWERS_A_SECOND * 1_000));
        try (Load load =
                new Load(
                        system, redis, history, tracker, calm, options.seed(), options.answers())) {
            Future<?> loading =
                    load.start(time.compareTo(LEAST) < 0 ? LEAST : time, nemesis::dealtShare);
            Thread showing = Thread.ofVirtual().start(() -> show(load, options, progress));
            try {
                nemesis.rage(() ->
                        loading.isDone() || (load.hasBegunAll() && nemesis.dealtShare() >= 1));
                await(loading);
            } finally {
                showing.interrupt();
            }
            return load.sessions();
        }
    }

    private static void await(Future<?> loading) throws InterruptedException {
        try {
            loading.get(1, TimeUnit.HOURS);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the load failed", e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("the load did not end in time", e);
        }
    }

    private static void show(Load load, Options options, PrintStream progress) {
        try {
            while (true) {
                Thread.sleep(SHOW_EVERY);
                progress.printf("%d of %d answers%n", load.done(), options.answers());
            }
        } catch (InterruptedException _) {
            // The run is over.
        }
    }
}
