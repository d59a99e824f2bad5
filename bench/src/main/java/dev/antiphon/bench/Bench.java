package dev.antiphon.bench;

import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.load.ClosedLoad;
import dev.antiphon.bench.load.Load;
import dev.antiphon.bench.load.OpenLoad;
import dev.antiphon.bench.load.Paced;
import dev.antiphon.bench.load.Tokens;
import dev.antiphon.bench.report.Results;
import dev.antiphon.bench.report.RowResult;
import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.row.LoadRow;
import dev.antiphon.bench.row.LoadRow.Setting;
import dev.antiphon.bench.row.Row;
import dev.antiphon.bench.row.Site;
import dev.antiphon.bench.row.StartRow;
import dev.antiphon.bench.row.Times;
import dev.antiphon.bench.system.Absent;
import dev.antiphon.bench.system.AntiphonUp;
import dev.antiphon.bench.system.Contender;
import dev.antiphon.bench.system.ModelServer;
import dev.antiphon.bench.system.RunningSystem;
import dev.antiphon.bench.system.Setup;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// A run of the benchmark: starts the systems of each setting side by side, and measures each row at them in turns.
public final class Bench {

    /// Ten seconds an answer.
    private static final Duration TOKEN_PACE = Duration.ofMillis(20);

    private static final int TOKENS = 500;
    private static final int WARM_UP_AT_ONCE = 64;
    private static final int WARM_UP_IN_FLIGHT = 16;

    /// What to measure.
    ///
    /// @param antiphon the system of the first column
    /// @param peers the others; a row takes those that it makes sense for
    /// @param rows in the order of the table
    /// @param tokens how many an answer of the model server has
    /// @param folder for data and logs of all systems
    public record Options(
            AntiphonUp antiphon,
            List<Contender> peers,
            List<Row> rows,
            Times times,
            int tokens,
            Path folder) {
        public Options {
            peers = List.copyOf(peers);
            rows = List.copyOf(rows);
        }

        /// With answers of the usual length from the model server.
        public static Options usual(
                AntiphonUp antiphon,
                List<Contender> peers,
                List<Row> rows,
                Times times,
                Path folder) {
            return new Options(antiphon, peers, rows, times, TOKENS, folder);
        }
    }

    /// Where and on what it runs, for the results.
    ///
    /// @param command as typed
    /// @param commit of the sources
    /// @param machine cores, system and JDK
    public record Origin(String command, String commit, String machine) {}

    private final Options options;
    private final Progress progress;
    private final Map<String, List<Map<String, Sample>>> rounds = new LinkedHashMap<>();
    private final Map<String, Map<String, String>> absent = new LinkedHashMap<>();

    private Bench(Options options, Progress progress) {
        this.options = options;
        this.progress = progress;
    }

    /// Measures everything; blocks until that is done.
    ///
    /// @throws IOException when a load could not begin
    public static Results run(Options options, Origin origin, Progress progress)
            throws InterruptedException, IOException {
        Instant begun = Instant.now();
        Bench bench = new Bench(options, progress);
        try (Client client = new Client();
                ModelServer model = new ModelServer(TOKEN_PACE, options.tokens())) {
            bench.measure(new Site(client, model, options.times()));
        } finally {
            progress.end();
        }
        Map<String, String> systems = new LinkedHashMap<>();
        systems.put(options.antiphon().name(), options.antiphon().title());
        options.peers().forEach(peer -> systems.put(peer.name(), peer.title()));
        return new Results(
                origin.command(),
                origin.commit(),
                origin.machine(),
                begun.truncatedTo(ChronoUnit.SECONDS).toString(),
                Duration.between(begun, Instant.now()).toMinutes(),
                systems,
                bench.results());
    }

    private List<RowResult> results() {
        List<RowResult> results = new ArrayList<>();
        for (Row row : options.rows()) {
            results.add(
                    new RowResult(
                            row.id(),
                            row.title(),
                            row.measures(),
                            rounds.getOrDefault(row.id(), List.of()),
                            absent.getOrDefault(row.id(), Map.of())));
        }
        return results;
    }

    private void measure(Site site) throws InterruptedException, IOException {
        progress.steps(options.rows().stream().mapToInt(this::steps).sum());
        for (Setting setting : Setting.values()) {
            List<LoadRow> rows = new ArrayList<>();
            for (Row row : options.rows()) {
                if (row instanceof LoadRow load && load.setting() == setting) {
                    rows.add(load);
                }
            }
            if (!rows.isEmpty()) {
                measure(setting, rows, site);
            }
        }
        for (Row row : options.rows()) {
            if (row instanceof StartRow start) {
                measure(start, site);
            }
        }
    }

    private int steps(Row row) {
        return switch (row) {
            case LoadRow load -> options.times().rounds() * (1 + peers(load).size());
            case StartRow _ -> 1;
        };
    }

    private List<Contender> peers(LoadRow row) {
        return options.peers().stream().filter(peer -> row.peers().contains(peer.name())).toList();
    }

    private void measure(StartRow row, Site site) throws InterruptedException, IOException {
        progress.step(row.id());
        Path folder = options.folder().resolve(row.id());
        List<Map<String, Sample>> all = new ArrayList<>();
        for (Sample sample : row.measure(options.antiphon(), site, folder)) {
            all.add(Map.of(options.antiphon().name(), sample));
        }
        rounds.put(row.id(), all);
    }

    private void measure(Setting setting, List<LoadRow> rows, Site site)
            throws InterruptedException, IOException {
        int starts = setting == Setting.FRESH ? options.times().rounds() : 1;
        for (int start = 1; start <= starts; start++) {
            Map<String, RunningSystem> running = new LinkedHashMap<>();
            try {
                String folder = setting.name().toLowerCase(Locale.ROOT) + "-" + start;
                start(setup(setting, site), options.folder().resolve(folder), rows, running);
                if (setting != Setting.FRESH) {
                    for (RunningSystem system : running.values()) {
                        warmUp(system, setting, site);
                    }
                }
                for (LoadRow row : rows) {
                    measure(row, running, options.times().rounds() / starts, site);
                }
            } finally {
                site.client().loop().execute(site.client()::forget);
                running.values().forEach(RunningSystem::close);
            }
        }
    }

    private static Setup setup(Setting setting, Site site) {
        return switch (setting) {
            case BURST, FRESH -> Setup.burst();
            case PACED -> Setup.paced();
            case MODEL -> Setup.model(site.model().url());
        };
    }

    private void start(
            Setup setup, Path folder, List<LoadRow> rows, Map<String, RunningSystem> running)
            throws InterruptedException, IOException {
        try {
            AntiphonUp ours = options.antiphon();
            running.put(ours.name(), ours.start(setup, folder.resolve(ours.name())));
        } catch (RuntimeException e) {
            throw new IOException(String.valueOf(e.getMessage()), e);
        }
        for (Contender peer : options.peers()) {
            List<LoadRow> wanting = rows.stream().filter(row -> peers(row).contains(peer)).toList();
            if (wanting.stream().allMatch(row -> isAbsent(peer, row))) {
                continue;
            }
            try {
                running.put(peer.name(), peer.start(setup, folder.resolve(peer.name())));
            } catch (Absent e) {
                String why = String.valueOf(e.getMessage());
                progress.say("without " + peer.name() + ": " + why);
                progress.without(wanting.size() * options.times().rounds());
                wanting.forEach(row ->
                        absent.computeIfAbsent(row.id(), _ -> new TreeMap<>())
                                .put(peer.name(), why));
            }
        }
    }

    private boolean isAbsent(Contender peer, LoadRow row) {
        return absent.getOrDefault(row.id(), Map.of()).containsKey(peer.name());
    }

    /// JVMs and Node compile what is hot; the first windows would measure that.
    private void warmUp(RunningSystem system, Setting setting, Site site)
            throws InterruptedException {
        Duration length = options.times().warmUp();
        progress.say("warming up " + system.name() + " for " + length.toSeconds() + " s");
        try (Load load = warmUpLoad(system, setting, site)) {
            Thread.sleep(length);
            load.awaitAnswer();
        }
        Thread.sleep(options.times().settle());
    }

    private static Load warmUpLoad(RunningSystem system, Setting setting, Site site)
            throws InterruptedException {
        Client client = site.client();
        return switch (setting) {
            case BURST, FRESH ->
                    ClosedLoad.start(
                            client, system.target(), WARM_UP_AT_ONCE, ClosedLoad.USUAL_TURNS);
            case PACED ->
                    OpenLoad.start(
                            client,
                            system.target(),
                            WARM_UP_IN_FLIGHT,
                            new Paced(Setup.paced().pace()));
            case MODEL ->
                    OpenLoad.start(
                            client, system.target(), WARM_UP_IN_FLIGHT, new Tokens(site.model()));
        };
    }

    /// In each round every system once, and in every second round in reverse, so that none always follows the same.
    private void measure(LoadRow row, Map<String, RunningSystem> running, int times, Site site)
            throws InterruptedException, IOException {
        List<RunningSystem> order =
                running.values().stream()
                        .filter(system ->
                                system.name().equals(options.antiphon().name())
                                        || row.peers().contains(system.name()))
                        .toList();
        List<Map<String, Sample>> all = rounds.computeIfAbsent(row.id(), _ -> new ArrayList<>());
        for (int i = 0; i < times; i++) {
            int round = all.size();
            Map<String, Sample> samples = new LinkedHashMap<>();
            for (RunningSystem system : round % 2 == 0 ? order : order.reversed()) {
                progress.step(row.id() + ", " + system.name() + ", round " + (round + 1));
                Sample sample = row.measure(system, site);
                sample.faults()
                        .forEach(fault ->
                                progress.say(row.id() + ", " + system.name() + ": " + fault));
                samples.put(system.name(), sample);
            }
            all.add(inOrder(samples, order));
        }
    }

    private static Map<String, Sample> inOrder(
            Map<String, Sample> samples, List<RunningSystem> order) {
        Map<String, Sample> ordered = new LinkedHashMap<>();
        for (RunningSystem system : order) {
            Sample sample = samples.get(system.name());
            if (sample != null) {
                ordered.put(system.name(), sample);
            }
        }
        return ordered;
    }
}
