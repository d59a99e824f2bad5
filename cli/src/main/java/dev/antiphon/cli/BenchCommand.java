package dev.antiphon.cli;

import dev.antiphon.bench.Bench;
import dev.antiphon.bench.Progress;
import dev.antiphon.bench.Rows;
import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.client.Dialect;
import dev.antiphon.bench.client.Target;
import dev.antiphon.bench.load.AnswerLoad;
import dev.antiphon.bench.load.ReplayStorm;
import dev.antiphon.bench.report.Page;
import dev.antiphon.bench.report.Results;
import dev.antiphon.bench.report.Table;
import dev.antiphon.bench.row.Row;
import dev.antiphon.bench.row.Times;
import dev.antiphon.bench.system.AntiphonUp;
import dev.antiphon.bench.system.Contender;
import dev.antiphon.bench.system.Peers;
import dev.antiphon.protocol.Settings;
import dev.antiphon.providers.DemoFactory;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.Console;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/// `antiphon bench`: the table of docs/benchmarks.md, or a load on a system that runs.
@Command(
        name = "bench",
        header = "Measure what users feel and operators pay, and compare it with other systems.",
        description = {
            "Starts this system and its peers side by side, measures each row of the table at them in turns, and"
                    + " checks every answer (docs/benchmarks.md). Takes about an hour and a half.",
            "With --url, --answers or --storm: puts a load on a system that runs, and measures nothing else."
        },
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    private static final URI DEFAULT_URL = URI.create("http://127.0.0.1:8080");

    /// Idle systems and a desktop's background take less.
    private static final double QUIET_CORES = 0.3;

    /// For a look, and for a test of the benchmark itself.
    private static final Times QUICK =
            new Times(
                    1,
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(20));

    @Option(
            names = "--rows",
            paramLabel = "ROW",
            split = ",",
            description = "Only these rows, by the names that --list prints. Default: all.")
    private List<String> rows = List.of();

    @Option(names = "--list", description = "Print the rows, and measure nothing.")
    private boolean list;

    @Option(
            names = "--peers",
            paramLabel = "PEER",
            split = ",",
            description =
                    "Only these peers (node, resumable, nchan, langgraph), or none. Default: all.")
    private List<String> peers = List.of();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "How often each row is measured. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--window",
            paramLabel = "TIME",
            defaultValue = "20s",
            description = "How long each measurement lasts. Default: ${DEFAULT-VALUE}.")
    private String window = "20s";

    @Option(
            names = "--quick",
            description = "One round of five seconds without much warm-up: a look, not a result.")
    private boolean quick;

    @Option(
            names = "--gateways",
            paramLabel = "N",
            defaultValue = "2",
            description = "Gateways of this system. Default: ${DEFAULT-VALUE}, as the peers have.")
    private int gateways;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            defaultValue = "bench.json",
            description = "The file for all results. Default: ${DEFAULT-VALUE}.")
    private Path json = Path.of("bench.json");

    @Option(
            names = "--page",
            paramLabel = "FILE",
            description =
                    "A page in Markdown that gets tables and charts, such as docs/benchmarks.md.")
    private @Nullable Path page;

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description =
                    "Earlier results: print their table, write their --page, and measure nothing.")
    private @Nullable Path from;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "The address of a gateway that runs. Default: http://127.0.0.1:8080.")
    private @Nullable URI url;

    @Option(
            names = "--answers",
            paramLabel = "N",
            description = {
                "Send this many messages at once, each in its own session and stream, and report when the",
                "demo's chunks arrive. Default: 500."
            })
    private @Nullable Integer answers;

    @Option(
            names = "--demo-delay",
            paramLabel = "TIME",
            defaultValue = "100ms",
            description =
                    "The workers' pause between the demo's chunks. Default: ${DEFAULT-VALUE}.")
    private String demoDelay = "100ms";

    @Option(
            names = "--storm",
            paramLabel = "N",
            description = {
                "Instead: reconnect this many readers at once, each of which has missed a long answer.",
                "Needs workers with CHAT_DEMO_DELAY=0ms."
            })
    private int storm;

    @Option(
            names = "--entries",
            paramLabel = "N",
            defaultValue = "500",
            description = "How many entries each reader has missed. Default: ${DEFAULT-VALUE}.")
    private int entries;

    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (url != null || answers != null || storm != 0) {
            return load(url == null ? DEFAULT_URL : url, answers == null ? 500 : answers);
        }
        if (list) {
            Rows.all().forEach(row -> System.out.printf("%-20s %s%n", row.id(), row.title()));
            return 0;
        }
        try {
            Results results = from == null ? measured() : Results.read(from);
            System.out.print(new Table(results).text());
            if (page != null) {
                new Page(results).write(page);
            }
            return results.hasFaults() ? Antiphon.FAILED : 0;
        } catch (NoSuchFileException e) {
            throw new StartException("no such file: " + e.getMessage());
        } catch (IOException e) {
            throw new StartException(String.valueOf(e.getMessage()));
        }
    }

    private Results measured() throws InterruptedException, IOException {
        if (rounds < 1 || gateways < 1) {
            throw new StartException("--rounds and --gateways must be at least 1");
        }
        List<Row> chosen = chosenRows();
        Path folder = Files.createTempDirectory("antiphon-bench-");
        var options =
                Bench.Options.usual(
                        new AntiphonUp(BenchCommand::upCommand, gateways),
                        chosenPeers(),
                        chosen,
                        quick ? QUICK : Times.usual(rounds, duration("--window", window)),
                        folder);
        var origin = new Bench.Origin(commandLine(), Provenance.commit(), Provenance.machine());
        Results results;
        try {
            results = Bench.run(options, origin, new Progress(System.err, isTerminal()));
        } catch (IOException e) {
            throw new StartException(e.getMessage() + " (logs in " + folder + ")");
        }
        results.write(json);
        System.err.println("results in " + json + ", logs in " + folder);
        if (results.mostElsewhere() > QUIET_CORES) {
            System.err.printf(
                    "this machine was busy: other processes used up to %.1f cores, so the numbers mean little%n",
                    results.mostElsewhere());
        }
        return results;
    }

    @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null again
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    private String commandLine() {
        List<String> words = new ArrayList<>(List.of("./antiphon"));
        if (spec != null) {
            words.addAll(spec.commandLine().getParseResult().originalArgs());
        }
        return String.join(" ", words);
    }

    /// As the launcher runs it.
    private static List<String> upCommand(String... arguments) {
        List<String> options = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1", "-Xmx64m"));
        for (String name : List.of("antiphon.home", "antiphon.places", "antiphon.aot")) {
            String value = System.getProperty(name);
            if (value != null) {
                options.add("-D" + name + "=" + value);
            }
        }
        return Program.command(options, arguments);
    }

    private List<Row> chosenRows() {
        List<Row> all = Rows.all();
        for (String name : rows) {
            if (all.stream().noneMatch(row -> row.id().equals(name))) {
                throw new StartException("no row is called " + name + ": see --list");
            }
        }
        return rows.isEmpty() ? all : all.stream().filter(row -> rows.contains(row.id())).toList();
    }

    private List<Contender> chosenPeers() {
        List<Contender> all = new Peers(Provenance.home()).all();
        if (peers.equals(List.of("none"))) {
            return List.of();
        }
        for (String name : peers) {
            if (all.stream().noneMatch(peer -> peer.name().equals(name))) {
                throw new StartException(
                        "no peer is called "
                                + name
                                + ": node, resumable, nchan, langgraph, or none");
            }
        }
        return peers.isEmpty()
                ? all
                : all.stream().filter(peer -> peers.contains(peer.name())).toList();
    }

    private static Duration duration(String option, String text) {
        try {
            return new Settings(Map.of(DemoFactory.DELAY, text))
                    .duration(DemoFactory.DELAY, Duration.ZERO);
        } catch (IllegalArgumentException e) {
            throw new StartException(
                    String.valueOf(e.getMessage()).replace(DemoFactory.DELAY, option));
        }
    }

    private int load(URI gateway, int atOnce) throws InterruptedException {
        if (atOnce < 1) {
            throw new StartException("--answers must be at least 1, but is " + atOnce);
        }
        if (storm < 0 || entries < 20) {
            throw new StartException("--storm must be at least 1, and --entries at least 20");
        }
        if (!"http".equals(gateway.getScheme())
                || gateway.getHost() == null
                || gateway.getPort() < 1) {
            throw new StartException(
                    "--url must be a gateway's address with its port, such as http://127.0.0.1:8080, but is "
                            + gateway);
        }
        Duration pace = duration("--demo-delay", demoDelay);
        var address = new InetSocketAddress(gateway.getHost(), gateway.getPort());
        Target target = new Target(List.of(address), Dialect.STREAM);
        try (Client client = new Client()) {
            System.out.print(
                    storm > 0
                            ? new ReplayStorm(target, storm, entries).run(client).text()
                            : new AnswerLoad(target, atOnce, pace).run(client).text());
            return 0;
        } catch (IOException e) {
            throw new StartException("the load failed: " + e.getMessage());
        }
    }
}
