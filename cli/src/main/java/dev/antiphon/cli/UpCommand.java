package dev.antiphon.cli;

import dev.antiphon.protocol.Environment;
import dev.antiphon.providers.ModelProviders;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

/// `antiphon up`: the whole system on this machine, in the foreground.
@Command(
        name = "up",
        header = "Run the whole system on this machine.",
        description = {
            "Starts nats-server, redis-server, workers and gateways as separate processes, restarts those"
                    + " that die, and stops everything on Ctrl-C.",
            "If NATS_URL or REDIS_HOST is set, it uses the server there."
        },
        mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
    @Option(
            names = "--port",
            paramLabel = "PORT",
            description =
                    "The port of the page; 0 for any free one. Default: SERVER_PORT, or 8080.")
    private @Nullable Integer port;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "A folder for data, logs and addresses. Default: .antiphon in the project's root.")
    private @Nullable Path data;

    @Option(
            names = "--gateways",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "How many gateways. With more than one, each also has its own port."
                            + " Default: ${DEFAULT-VALUE}.")
    private int gateways;

    @Option(
            names = "--workers",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many workers. Default: ${DEFAULT-VALUE}.")
    private int workers;

    @Option(
            names = "--demo-delay",
            paramLabel = "TIME",
            description =
                    "The demo's pause between chunks, for example 0ms. Default: CHAT_DEMO_DELAY, or 100ms.")
    private @Nullable String demoDelay;

    @Option(
            names = "--extensions",
            paramLabel = "DIR",
            description =
                    "A folder with jars of additional providers, tools and workflows"
                            + " (docs/extending.md). Default: CHAT_EXTENSIONS.")
    private @Nullable Path extensions;

    // An option of the launcher, which installs; here so that it is accepted and explained.
    @Option(
            names = {"-y", "--yes"},
            description = "Install missing servers without asking.")
    @SuppressWarnings("UnusedVariable")
    private boolean yes;

    @Override
    public Integer call() throws InterruptedException {
        atLeastOne("--gateways", gateways);
        atLeastOne("--workers", workers);
        var options =
                new Up.Options(
                        port, DataDirectory.chosen(data), gateways, workers, demoDelay, extensions);
        var _ = Up.open(options, Environment.system(ModelProviders.variables()));
        // Until SIGTERM or Ctrl-C, which stop everything cleanly and end the JVM.
        new CountDownLatch(1).await();
        throw new AssertionError("nothing counts the latch down");
    }

    private static void atLeastOne(String option, int value) {
        if (value < 1) {
            throw new StartException(option + " must be at least 1, but is " + value);
        }
    }
}
