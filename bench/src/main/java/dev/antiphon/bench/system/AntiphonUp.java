package dev.antiphon.bench.system;

import dev.antiphon.bench.client.Dialect;
import dev.antiphon.bench.client.Target;
import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.LogFile;

import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Antiphon itself, started with `up`: one worker, as many gateways as the peers have, NATS with JetStream and Redis
/// with its append-only file.
///
/// @param launch runs its commands
/// @param gateways how many
public record AntiphonUp(Launch launch, int gateways) implements Contender {

    private static final Duration READY_WITHIN = Duration.ofMinutes(2);
    private static final Duration STOP_GRACE = Duration.ofSeconds(40);
    private static final Pattern PROCESS = Pattern.compile("(\\S+) pid=(\\d+) (\\S+)");

    @Override
    public String name() {
        return "antiphon";
    }

    @Override
    public String title() {
        return "Antiphon: " + gateways + " gateways, one worker, log, fence, AOF and history on";
    }

    @Override
    public RunningSystem start(Setup setup, Path folder) throws InterruptedException {
        return launch(setup, folder).running();
    }

    /// `up` that is ready, and how long that took.
    public record Launched(RunningSystem running, Duration readyAfter) {}

    /// Starts `up`.
    ///
    /// @param folder its data; what an earlier start left there is used again
    public Launched launch(Setup setup, Path folder) throws InterruptedException {
        List<String> words =
                launch.command(
                        "up",
                        "--port",
                        "0",
                        "--data",
                        folder.resolve("data").toString(),
                        "--gateways",
                        "" + gateways,
                        "--demo-delay",
                        setup.pace().toMillis() + "ms");
        Path log = folder.resolve("up.log");
        var builder =
                new ProcessBuilder(words)
                        .redirectError(ProcessBuilder.Redirect.appendTo(created(log).toFile()));
        configure(builder.environment(), setup);
        long start = System.nanoTime();
        ChildProcess up = ChildProcess.start(builder);
        Output output = new Output(up);
        try {
            output.ready.get(READY_WITHIN.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            up.stop(STOP_GRACE);
            throw new IllegalStateException(
                    "`up` did not start: " + String.join(" | ", LogFile.tail(log, 3)), e);
        }
        Duration readyAfter = Duration.ofNanos(System.nanoTime() - start);
        return new Launched(
                new RunningSystem(
                        this,
                        new Target(output.gateways, Dialect.STREAM),
                        new Processes(output.parts),
                        output.redis,
                        List.of(() -> up.stop(STOP_GRACE))),
                readyAfter);
    }

    private static void configure(Map<String, String> environment, Setup setup) {
        // Its own servers, and defaults, whatever the shell is set up for.
        environment.keySet().removeIf(name -> name.startsWith("CHAT_"));
        environment
                .keySet()
                .removeAll(List.of("NATS_URL", "REDIS_HOST", "REDIS_PORT", "DATABASE_URL"));
        environment.keySet().removeIf(name -> name.startsWith("OPENAI_"));
        if (!setup.modelUrl().isEmpty()) {
            environment.put("OPENAI_BASE_URL", setup.modelUrl());
            environment.put("OPENAI_API_KEY", "bench");
        }
    }

    private static Path created(Path log) {
        try {
            Files.createDirectories(log.resolveSibling("."));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return log;
    }

    /// Reads what `up` prints until it ends.
    private static final class Output {
        private final CompletableFuture<Boolean> ready = new CompletableFuture<>();
        private final List<Processes.Part> parts = new ArrayList<>();
        private final List<InetSocketAddress> gateways = new ArrayList<>();
        private OptionalInt redis = OptionalInt.empty();

        Output(ChildProcess up) {
            parts.add(new Processes.Part("up", up.pid()));
            Thread.ofVirtual().start(() -> read(up));
        }

        private void read(ChildProcess up) {
            try (var lines =
                    new BufferedReader(
                            new InputStreamReader(up.output(), StandardCharsets.UTF_8))) {
                String line = lines.readLine();
                while (line != null) {
                    if (!ready.isDone()) {
                        take(line);
                    }
                    line = lines.readLine();
                }
                ready.completeExceptionally(new IOException("it ended"));
            } catch (IOException e) {
                ready.completeExceptionally(e);
            }
        }

        private void take(@Nullable String line) {
            Matcher process = PROCESS.matcher(String.valueOf(line));
            if (process.matches()) {
                String name = process.group(1).replace("-server", "");
                parts.add(new Processes.Part(name, Long.parseLong(process.group(2))));
                URI address = URI.create(process.group(3));
                if (name.equals("gateway")) {
                    gateways.add(new InetSocketAddress(address.getHost(), address.getPort()));
                } else if (name.equals("redis")) {
                    redis = OptionalInt.of(address.getPort());
                }
            } else if (String.valueOf(line).startsWith("ready ")) {
                ready.complete(true);
            }
        }
    }
}
