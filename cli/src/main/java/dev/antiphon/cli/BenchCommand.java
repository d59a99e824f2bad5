package dev.antiphon.cli;

import dev.antiphon.bench.AnswerLoad;
import dev.antiphon.bench.ReplayStorm;
import dev.antiphon.protocol.Settings;
import dev.antiphon.providers.DemoFactory;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;

/// `antiphon bench`: measures a running system.
@Command(
        name = "bench",
        description = {
            "Measure a running system: send many messages at once, each in its own session and stream,",
            "and report when the demo's chunks arrive."
        },
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    @Option(
            names = "--url",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:8080",
            description = "The address of a gateway. Default: ${DEFAULT-VALUE}.")
    private URI url = URI.create("http://127.0.0.1:8080");

    @Option(
            names = "--answers",
            paramLabel = "N",
            defaultValue = "500",
            description = "How many messages at once. Default: ${DEFAULT-VALUE}.")
    private int answers;

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

    @Override
    public Integer call() throws InterruptedException {
        if (answers < 1) {
            throw new StartException("--answers must be at least 1, but is " + answers);
        }
        if (storm < 0 || entries < 20) {
            throw new StartException("--storm must be at least 1, and --entries at least 20");
        }
        if (!"http".equals(url.getScheme()) || url.getHost() == null || url.getPort() < 1) {
            throw new StartException(
                    "--url must be a gateway's address with its port, such as http://127.0.0.1:8080, but is "
                            + url);
        }
        Duration pace =
                new Settings(Map.of(DemoFactory.DELAY, demoDelay))
                        .duration(DemoFactory.DELAY, Duration.ZERO);
        try {
            if (storm > 0) {
                System.out.print(new ReplayStorm(url, storm, entries).run().text());
                return 0;
            }
            System.out.print(new AnswerLoad(url, answers, pace).run().text());
            return 0;
        } catch (IOException e) {
            throw new StartException("the load failed: " + e.getMessage());
        }
    }
}
