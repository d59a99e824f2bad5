package dev.antiphon.cli;

import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.Ports;
import dev.antiphon.servers.RedisServer;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The NATS and the Redis of one `up`: its own children, except where the environment names a running server.
final class Stores {
    // The ports in the documentation; if one is taken, a free port instead.
    private static final int NATS_PORT = 4222;
    private static final int NATS_MONITORING_PORT = 8222;
    private static final int REDIS_PORT = 6379;

    private final Environment environment;
    private final @Nullable ServerChild nats;
    private final @Nullable ServerChild redis;

    private Stores(
            Environment environment, @Nullable ServerChild nats, @Nullable ServerChild redis) {
        this.environment = environment;
        this.nats = nats;
        this.redis = redis;
    }

    static Stores of(Environment environment, DataDirectory data) {
        return new Stores(
                environment,
                namesNats(environment) ? null : nats(data.folder("nats-server")),
                namesRedis(environment) ? null : redis(data.folder("redis-server")));
    }

    private static boolean namesNats(Environment environment) {
        return environment.text(Variable.NATS_URL) != null;
    }

    private static boolean namesRedis(Environment environment) {
        return environment.text(Variable.REDIS_HOST) != null
                || environment.text(Variable.REDIS_PORT) != null;
    }

    private static ServerChild nats(Path folder) {
        return new ServerChild(
                "nats-server",
                () ->
                        NatsServer.start(
                                NatsServer.Options.temporary()
                                        .in(folder)
                                        .onPort(preferably(NATS_PORT))
                                        .withMonitoring(preferably(NATS_MONITORING_PORT))));
    }

    private static ServerChild redis(Path folder) {
        return new ServerChild(
                "redis-server",
                () ->
                        RedisServer.start(
                                RedisServer.Options.temporary()
                                        .in(folder)
                                        .onPort(preferably(REDIS_PORT))));
    }

    /// The port if it is free; otherwise 0, for any port.
    private static int preferably(int port) {
        return Ports.isFree(port) ? port : 0;
    }

    /// The servers that `up` has to start.
    List<Child> children() {
        List<Child> children = new ArrayList<>();
        if (nats != null) {
            children.add(nats);
        }
        if (redis != null) {
            children.add(redis);
        }
        return children;
    }

    /// A line for each server that the environment names.
    ///
    /// @throws StartException if a server does not answer
    List<String> named() {
        List<String> lines = new ArrayList<>();
        if (nats == null) {
            lines.add(
                    "nats-server "
                            + answeringNats(environment.text(Variable.NATS_URL, ""))
                            + " (NATS_URL)");
        }
        if (redis == null) {
            String address = redisHost() + ":" + redisPort();
            if (!Ports.answers(redisHost(), redisPort())) {
                throw absent("REDIS_HOST", "redis-server", address);
            }
            lines.add("redis-server redis://" + address + " (REDIS_HOST)");
        }
        return lines;
    }

    /// The addresses of the servers, as environment variables for the processes that use them. Only after [#children()]
    /// have been started.
    Map<String, String> addresses() {
        Map<String, String> addresses = new TreeMap<>();
        addresses.put(
                Variable.NATS_URL.name(),
                nats == null ? environment.text(Variable.NATS_URL, "") : nats.server().url());
        addresses.put(Variable.REDIS_HOST.name(), redis == null ? redisHost() : "127.0.0.1");
        addresses.put(
                Variable.REDIS_PORT.name(),
                "" + (redis == null ? redisPort() : redis.server().port()));
        if (redis != null) {
            // A password in the environment belongs to another Redis; ours would refuse it. Empty
            // means unset.
            addresses.put(Variable.REDIS_PASSWORD.name(), "");
        }
        return addresses;
    }

    private String redisHost() {
        return environment.text(Variable.REDIS_HOST, "localhost");
    }

    private int redisPort() {
        return environment.number(Variable.REDIS_PORT, REDIS_PORT, 1, 65_535);
    }

    /// The first server of the list that answers, without the user and password of its URL.
    private static String answeringNats(String urls) {
        for (String each : urls.split(",", -1)) {
            URI url = natsUri(each.strip());
            int port = url.getPort() == -1 ? NATS_PORT : url.getPort();
            if (Ports.answers(url.getHost(), port)) {
                return "nats://" + url.getHost() + ":" + port;
            }
        }
        throw absent("NATS_URL", "nats-server", "the address it names");
    }

    private static URI natsUri(String text) {
        try {
            URI url = URI.create(text.contains("://") ? text : "nats://" + text);
            if (url.getHost() != null) {
                return url;
            }
        } catch (IllegalArgumentException _) {
            // Reported below, because the exception's own message would show a password.
        }
        throw new StartException("NATS_URL is not an address such as nats://localhost:4222");
    }

    private static StartException absent(String variable, String server, String address) {
        return new StartException(
                "%s is set, but nothing answers at %s: start %s there, or unset it to have `up` start one"
                        .formatted(variable, address, server));
    }
}
