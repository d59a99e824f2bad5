package dev.antiphon.gateway;

import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.gateway.http.Origins;
import dev.antiphon.protocol.Environment;
import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.PodId;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Set;

/// The configuration of a gateway, read once from the environment.
///
/// @param backplane the addresses of the servers
/// @param host the address to listen on. Default 127.0.0.1: opening it to other machines is a decision
/// @param port this process's own port, 0 for a free one. Default 8080, the contract's
/// @param sharedPort a port that other gateways of this machine also listen on, or null. Default none: Linux only
/// @param pod this process's name in registry and subjects; two live gateways must not have the same. Default: the
///     host's name, which is a container's own
/// @param origins the other web origins that may call. Default none
/// @param mostConnections concurrent streams; more are refused with 429. One loop was measured with 10,000: 80 MB while
///     they are idle, and at most 640 MB when none of them reads
public record GatewayConfig(
        BackplaneSettings backplane,
        String host,
        int port,
        @Nullable Integer sharedPort,
        PodId pod,
        Origins origins,
        int mostConnections) {

    /// How long a client waits for Redis before it gets the answer to try again.
    private static final Duration REDIS_TIMEOUT = Duration.ofSeconds(2);

    private static final int MOST_CONNECTIONS = 10_000;

    private static final int LONGEST_POD_ID = 128;

    /// Reads the gateway's settings.
    ///
    /// @throws IllegalArgumentException when a variable has a value that is not allowed
    public static GatewayConfig from(Environment environment) {
        return new GatewayConfig(
                BackplaneSettings.from(environment, REDIS_TIMEOUT),
                environment.text(Variable.SERVER_HOST, "127.0.0.1"),
                environment.number(Variable.SERVER_PORT, 8080, 0, 65_535),
                sharedPort(environment),
                pod(environment),
                new Origins(Set.copyOf(environment.list(Variable.CHAT_ALLOWED_ORIGINS))),
                MOST_CONNECTIONS);
    }

    private static @Nullable Integer sharedPort(Environment environment) {
        int port = environment.number(Variable.CHAT_SHARED_PORT, 0, 1, 65_535);
        return port == 0 ? null : port;
    }

    private static PodId pod(Environment environment) {
        String name = environment.text(Variable.POD_ID);
        try {
            return name == null ? podNamedAs(hostName()) : new PodId(name);
        } catch (InvalidInput e) {
            throw new IllegalArgumentException("POD_ID is not allowed: " + e.getMessage(), e);
        }
    }

    /// Host names have dots, and an id becomes a part of a NATS subject.
    static PodId podNamedAs(String hostName) {
        String id = hostName.replaceAll("[^A-Za-z0-9_-]", "-");
        return new PodId(id.substring(0, Math.min(id.length(), LONGEST_POD_ID)));
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(
                    "the name of this machine is unknown; set POD_ID", e);
        }
    }
}
