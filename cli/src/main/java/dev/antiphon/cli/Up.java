package dev.antiphon.cli;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.protocol.Settings;
import dev.antiphon.providers.DemoFactory;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.servers.Ports;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The whole system on one machine: the servers, then workers and gateways, each in its own process. [#open] and
/// [#start], read from top to bottom, show what `antiphon up` does.
final class Up implements AutoCloseable {
    private static final int DEFAULT_PORT = 8080;
    private static final int HIGHEST_PORT = 65_535;
    private static final Duration HEALTHY_WITHIN = Duration.ofSeconds(30);
    private static final Set<String> EVERY_ADDRESS = Set.of("0.0.0.0", "::");

    /// @param port where the system is ready; 0: a free one; null: from the environment
    /// @param data the folder for all files
    /// @param gateways at least 1
    /// @param workers at least 1
    /// @param demoDelay as typed; null: from the environment
    /// @param extensions the folder of the workers' extensions; null: from the environment
    record Options(
            @Nullable Integer port,
            Path data,
            int gateways,
            int workers,
            @Nullable String demoDelay,
            @Nullable Path extensions) {}

    private final Options options;
    private final Environment environment;
    private final DataDirectory data;
    private final Supervisor supervisor;

    private Up(Options options, Environment environment, DataDirectory data) {
        this.options = options;
        this.environment = environment;
        this.data = data;
        this.supervisor = new Supervisor(System.out, System.err, data::recordProcesses);
    }

    /// Starts everything, prints a line per process, and `ready` with the address when it serves. A process that
    /// dies later is restarted, and its line is printed again. From then on, Ctrl-C and SIGTERM stop it, also during
    /// the start.
    ///
    /// @throws StartException and others whose message is one line that says what to do; nothing runs any more then
    static Up open(Options options, Environment environment) throws InterruptedException {
        checkDemoDelay(options.demoDelay());
        int port = port(options, environment);
        DataDirectory data = DataDirectory.hold(options.data());
        var up = new Up(options, environment, data);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(up::close));
        try {
            up.start(port);
            return up;
        } catch (RuntimeException e) {
            if (up.supervisor.isClosing()) {
                // It fails because it is being stopped: there is nothing to report, and the JVM
                // ends by itself.
                new CountDownLatch(1).await();
            }
            up.close();
            throw e;
        }
    }

    private void start(int port) throws InterruptedException {
        Stores stores = Stores.of(environment, data);
        stores.named().forEach(System.out::println);
        supervisor.start(List.of(stores.children()));

        Map<String, String> shared = sharedEnvironment(stores, port);
        data.recordAddresses(shared);
        List<Child> workers =
                IntStream.rangeClosed(1, options.workers())
                        .mapToObj(n -> child("worker", n, workerEnvironment(shared)))
                        .toList();
        List<Integer> ports =
                options.gateways() == 1
                        ? List.of(port)
                        : IntStream.range(0, options.gateways())
                                .map(_ -> Ports.free())
                                .boxed()
                                .toList();
        List<Child> gateways =
                IntStream.rangeClosed(1, options.gateways())
                        .mapToObj(n ->
                                child("gateway", n, gatewayEnvironment(shared, ports.get(n - 1))))
                        .toList();
        supervisor.start(List.of(workers, gateways));

        for (int each : ports) {
            Health.await(address(each), HEALTHY_WITHIN);
        }
        Health.await(address(port), HEALTHY_WITHIN);
        System.out.println("ready " + address(port));
        System.err.println("logs in " + options.data() + "/*/*.log; Ctrl-C stops everything");
    }

    /// The environment of all gateways and workers, also of those that join from another terminal.
    private Map<String, String> sharedEnvironment(Stores stores, int port) {
        Map<String, String> shared = new HashMap<>(settings());
        shared.putAll(stores.addresses());
        if (options.demoDelay() != null) {
            shared.put(DemoFactory.DELAY, options.demoDelay());
        }
        if (options.extensions() != null) {
            // The absolute path, because a joining worker can be started in another folder.
            shared.put(
                    Variable.CHAT_EXTENSIONS.name(),
                    options.extensions().toAbsolutePath().toString());
        }
        if (options.gateways() > 1) {
            shared.put(Variable.CHAT_SHARED_PORT.name(), "" + port);
        }
        return shared;
    }

    /// Our own settings, so that a joining worker answers just as ours do. Without those that belong to one process.
    private static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(new ProcessBuilder().environment());
        Set<String> ours = new HashSet<>(ModelProviders.variables());
        Stream.of(Variable.values()).map(Variable::name).forEach(ours::add);
        settings.keySet().retainAll(ours);
        settings.keySet()
                .removeAll(
                        Stream.of(Variable.SERVER_PORT, Variable.POD_ID, Variable.CHAT_WORKER_PORT)
                                .map(Variable::name)
                                .toList());
        settings.values()
                .removeIf(value -> value.lines().count() > 1); // the record consists of lines
        // The absolute path, because a joining worker can be started in another folder.
        for (Variable file : List.of(Variable.CHAT_EXTENSIONS, Variable.CHAT_MCP_CONFIG)) {
            settings.computeIfPresent(file.name(), (_, path) -> absolute(path));
        }
        return settings;
    }

    /// Empty means unset.
    private static String absolute(String path) {
        return path.isEmpty() ? path : Path.of(path).toAbsolutePath().toString();
    }

    private Map<String, String> gatewayEnvironment(Map<String, String> shared, int port) {
        Map<String, String> own = new HashMap<>(shared);
        own.put(Variable.SERVER_PORT.name(), "" + port);
        own.put(Variable.POD_ID.name(), podId(port));
        DevelopmentOrigin.addTo(own);
        return own;
    }

    /// Its status page keeps its port when the worker is restarted.
    private Map<String, String> workerEnvironment(Map<String, String> shared) {
        Map<String, String> own = new HashMap<>(shared);
        int given = environment.number(Variable.CHAT_WORKER_PORT, 0, 0, HIGHEST_PORT);
        int port = given == 0 || options.workers() > 1 ? Ports.free() : given;
        own.put(Variable.CHAT_WORKER_PORT.name(), "" + port);
        if (environment.text(Variable.CHAT_WORKER_GRACE) == null) {
            // With the last worker everything ends, and no user waits 25 s after Ctrl-C.
            own.put(Variable.CHAT_WORKER_GRACE.name(), "0s");
        }
        return own;
    }

    /// A pod keeps its id when it is restarted, and no other pod has that id.
    private String podId(int port) {
        String given = environment.text(Variable.POD_ID);
        if (given == null) {
            return PodNames.onThisMachine("" + port);
        }
        return options.gateways() == 1 ? given : given + "-" + port;
    }

    private Child child(String command, int number, Map<String, String> childEnvironment) {
        String name = command + "-" + number;
        return new JavaChild(name, command, data, childEnvironment, System.err);
    }

    private String host() {
        return environment.text(Variable.SERVER_HOST, "127.0.0.1");
    }

    private URI address(int port) {
        String host = host();
        return URI.create(
                "http://" + (EVERY_ADDRESS.contains(host) ? "127.0.0.1" : host) + ":" + port);
    }

    private static void checkDemoDelay(@Nullable String demoDelay) {
        if (demoDelay == null) {
            return;
        }
        String name = DemoFactory.DELAY;
        try {
            var _ = new Settings(Map.of(name, demoDelay)).duration(name, Duration.ZERO);
        } catch (IllegalArgumentException e) {
            throw new StartException(String.valueOf(e.getMessage()).replace(name, "--demo-delay"));
        }
    }

    /// The port for the system, checked to be free before anything is started.
    private static int port(Options options, Environment environment) {
        int wanted =
                options.port() == null
                        ? environment.number(Variable.SERVER_PORT, DEFAULT_PORT, 0, HIGHEST_PORT)
                        : options.port();
        if (wanted < 0 || wanted > HIGHEST_PORT) {
            throw new StartException(
                    "--port must be from 0 to " + HIGHEST_PORT + ", but is " + wanted);
        }
        if (wanted == 0) {
            return Ports.free();
        }
        Ports.obstacle(wanted)
                .ifPresent(obstacle -> {
                    throw new StartException(
                            "port "
                                    + wanted
                                    + " "
                                    + obstacle
                                    + " with --port (0 takes a free one)");
                });
        return wanted;
    }

    /// Stops everything in reverse order and returns when all has ended.
    @Override
    public void close() {
        supervisor.close();
        data.close();
    }
}
