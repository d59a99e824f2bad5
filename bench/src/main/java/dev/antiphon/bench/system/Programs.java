package dev.antiphon.bench.system;

import dev.antiphon.bench.client.Dialect;
import dev.antiphon.bench.client.Target;
import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.NodePackages;
import dev.antiphon.servers.Ports;
import dev.antiphon.servers.RedisServer;
import dev.antiphon.servers.Server;
import dev.antiphon.servers.ServerStartException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// The programs of one peer while it is put together. If it cannot be completed, [#close] stops what already runs.
final class Programs {

    private static final Duration READY_WITHIN = Duration.ofMinutes(1);
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);
    private static final Duration STOP_GRACE = Duration.ofSeconds(5);

    private final Path folder;
    private final List<Processes.Part> parts = new ArrayList<>();
    private final List<Runnable> closers = new ArrayList<>();
    private OptionalInt redis = OptionalInt.empty();

    private Programs(Path folder) {
        this.folder = folder;
    }

    /// Puts a peer together.
    interface Building {
        Target build(Programs programs) throws Absent, InterruptedException;
    }

    static RunningSystem build(Contender contender, Path folder, Building building)
            throws Absent, InterruptedException {
        Programs programs = new Programs(created(folder));
        try {
            Target target = building.build(programs);
            return new RunningSystem(
                    contender,
                    target,
                    new Processes(programs.parts),
                    programs.redis,
                    programs.closers);
        } catch (ServerStartException e) {
            programs.close();
            throw new Absent(String.valueOf(e.getMessage()));
        } catch (Absent | RuntimeException | InterruptedException e) {
            programs.close();
            throw e;
        }
    }

    private static Path created(Path folder) {
        try {
            return Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path folder() {
        return folder;
    }

    /// Starts a Redis that keeps nothing on disk, and returns its port.
    int redis() {
        RedisServer server = RedisServer.start(RedisServer.Options.temporary().withoutAppendOnly());
        add("redis", server);
        redis = OptionalInt.of(server.port());
        return server.port();
    }

    /// Starts a NATS without JetStream, and returns its address.
    String nats() {
        NatsServer server = NatsServer.start(NatsServer.Options.temporary().withoutJetStream());
        add("nats", server);
        return server.url();
    }

    private void add(String name, Server server) {
        closers.add(server::close);
        parts.add(new Processes.Part(name, server.pid()));
    }

    /// Starts a script of Node.
    void node(String name, Path script, List<String> arguments, Map<String, String> environment) {
        List<String> command = new ArrayList<>();
        command.add(NodePackages.path("node").toString());
        command.add(script.toString());
        command.addAll(arguments);
        run(name, command, environment);
    }

    /// Starts a program, with a log in the peer's folder.
    void run(String name, List<String> command, Map<String, String> environment) {
        var builder =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(
                                ProcessBuilder.Redirect.appendTo(
                                        folder.resolve(name + ".log").toFile()));
        builder.environment().putAll(environment);
        ChildProcess process = ChildProcess.start(builder);
        closers.add(() -> process.stop(STOP_GRACE));
        parts.add(new Processes.Part(name, process.pid()));
    }

    /// Waits until these ports answer, and returns the target with them.
    Target target(Dialect dialect, int... ports) throws Absent, InterruptedException {
        List<InetSocketAddress> gateways = new ArrayList<>();
        for (int port : ports) {
            await(port);
            gateways.add(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        }
        return new Target(gateways, dialect);
    }

    private void await(int port) throws Absent, InterruptedException {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        while (!Ports.answers("127.0.0.1", port)) {
            if (System.nanoTime() > deadline) {
                throw new Absent("a peer does not serve on port " + port + ": see " + folder);
            }
            Thread.sleep(LOOK_EVERY);
        }
    }

    private void close() {
        closers.reversed().forEach(Runnable::run);
    }
}
