package dev.antiphon.bench.system;

import dev.antiphon.bench.client.Dialect;
import dev.antiphon.bench.client.Target;
import dev.antiphon.servers.Executable;
import dev.antiphon.servers.NodePackages;
import dev.antiphon.servers.Ports;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The peers of `bench/peers`, with packages from npm at the versions of their lock files.
public final class Peers {

    private final Path source;
    private final Path installed;

    /// @param home the folder of the project
    public Peers(Path home) {
        this.source = home.resolve("bench/peers");
        this.installed = home.resolve("bench/target/peers");
    }

    /// All peers, the closest one first.
    public List<Contender> all() {
        return List.of(
                peer(
                        "node",
                        "the obvious Node implementation: two pods, one worker, core NATS, no log, nothing kept",
                        this::node),
                peer(
                        "resumable",
                        "resumable-stream, two processes: model and stream in one process",
                        this::resumable),
                peer("nchan", "nginx with nchan and Redis, one worker in Node", this::nchan),
                peer("langgraph", "LangGraph's JavaScript server, in memory", this::langGraph));
    }

    private interface Builder {
        Target build(Programs programs, Setup setup) throws Absent, InterruptedException;
    }

    private static Contender peer(String name, String title, Builder builder) {
        return new Contender() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public String title() {
                return title;
            }

            @Override
            public RunningSystem start(Setup setup, Path folder)
                    throws Absent, InterruptedException {
                return Programs.build(this, folder, programs -> builder.build(programs, setup));
            }
        };
    }

    private Target node(Programs programs, Setup setup) throws Absent, InterruptedException {
        Path scripts = install("node");
        Map<String, String> common = new HashMap<>(environment(setup));
        common.put("REDIS_PORT", "" + programs.redis());
        common.put("NATS_URL", programs.nats());
        int first = Ports.free();
        int second = Ports.free();
        for (int port : new int[] {first, second}) {
            Map<String, String> own = new HashMap<>(common);
            own.put("PORT", "" + port);
            own.put("POD", "p" + port);
            programs.node("gateway", scripts.resolve("pod.mjs"), List.of(), own);
        }
        programs.node("worker", scripts.resolve("worker.mjs"), List.of(), common);
        return programs.target(Dialect.STREAM, first, second);
    }

    private Target resumable(Programs programs, Setup setup) throws Absent, InterruptedException {
        Path scripts = install("node");
        int redis = programs.redis();
        int first = Ports.free();
        int second = Ports.free();
        for (int port : new int[] {first, second}) {
            Map<String, String> own = new HashMap<>(environment(setup));
            own.put("PORT", "" + port);
            own.put("REDIS_PORT", "" + redis);
            programs.node("gateway", scripts.resolve("resumable.mjs"), List.of(), own);
        }
        return programs.target(Dialect.RESPONSE, first, second);
    }

    private Target nchan(Programs programs, Setup setup) throws Absent, InterruptedException {
        Path nginx = Executable.find("nginx").orElseThrow(() -> noNchan("nginx"));
        Path module = nchanModule();
        Path scripts = install("node");
        int redis = programs.redis();
        int port = Ports.free();
        int worker = Ports.free();
        Path configuration = programs.folder().resolve("nginx.conf");
        write(
                configuration,
                read(source.resolve("nchan/nginx.conf"))
                        .replace("@MODULE@", module.toString())
                        .replace("@USER@", System.getProperty("user.name"))
                        .replace("@FOLDER@", programs.folder().toString())
                        .replace("@REDIS@", "" + redis)
                        .replace("@WORKER@", "" + worker)
                        .replace("@PORT@", "" + port));
        Map<String, String> own = new HashMap<>(environment(setup));
        own.put("PORT", "" + worker);
        own.put("NGINX_PORT", "" + port);
        programs.node("worker", scripts.resolve("nchan-worker.mjs"), List.of(), own);
        programs.run(
                "gateway",
                List.of(
                        nginx.toString(),
                        "-c",
                        configuration.toString(),
                        "-e",
                        programs.folder().resolve("nginx.log").toString()),
                Map.of());
        var _ = programs.target(Dialect.SILENT_STREAM, worker);
        return programs.target(Dialect.SILENT_STREAM, port);
    }

    /// Debian's place, Red Hat's and Alpine's; the system property `antiphon.nchan` names another.
    private static Path nchanModule() throws Absent {
        String file = "ngx_nchan_module.so";
        String given = System.getProperty("antiphon.nchan", "/usr/lib/nginx/modules/" + file);
        return Stream.of(given, "/usr/lib64/nginx/modules/" + file)
                .map(Path::of)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> noNchan("nchan"));
    }

    private static Absent noNchan(String what) {
        return new Absent(
                what
                        + " is not installed: apt-get install nginx libnginx-mod-nchan (Debian, Ubuntu)");
    }

    private Target langGraph(Programs programs, Setup setup) throws Absent, InterruptedException {
        // The graph uses a file of the other folder.
        var _ = install("node");
        Path scripts = install("langgraph");
        int port = Ports.free();
        Map<String, String> own = new HashMap<>(environment(setup));
        // Nothing leaves this machine: no traces, and no analytics.
        own.put("LANGSMITH_TRACING", "false");
        own.put("LANGSMITH_TRACING_V2", "false");
        own.put("LANGCHAIN_TRACING", "false");
        own.put("LANGCHAIN_TRACING_V2", "false");
        own.put("LANGGRAPH_CLI_NO_ANALYTICS", "1");
        own.put("NO_COLOR", "1");
        programs.node(
                "server",
                scripts.resolve("server.mjs"),
                List.of("" + port, programs.folder().toString()),
                own);
        return programs.target(Dialect.LANGGRAPH, port);
    }

    private static Map<String, String> environment(Setup setup) {
        Map<String, String> environment = new HashMap<>();
        environment.put("PACE", "" + setup.pace().toMillis());
        if (!setup.modelUrl().isEmpty()) {
            environment.put("MODEL_URL", setup.modelUrl());
        }
        return environment;
    }

    private Path install(String name) throws Absent {
        Path folder = source.resolve(name);
        if (!Files.isDirectory(folder)) {
            throw new Absent("the peers are part of the sources: no folder " + folder);
        }
        Path target = installed.resolve(name);
        NodePackages.install(folder, target);
        return target;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
