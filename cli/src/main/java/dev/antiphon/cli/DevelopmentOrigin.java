package dev.antiphon.cli;

import dev.antiphon.protocol.Environment.Variable;

import java.util.Map;
import java.util.Set;

/// The web origin that the gateways of an `up` take calls from by default: the sample page of docs/embed.md, and where most
/// development servers of web pages are. compose has the same default.
final class DevelopmentOrigin {

    static final String ORIGIN = "http://localhost:3000";

    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "::1", "localhost");

    private DevelopmentOrigin() {}

    /// Completes the environment of a gateway that names no origins, if no other machine can reach that gateway.
    static void addTo(Map<String, String> gateway) {
        String host = gateway.getOrDefault(Variable.SERVER_HOST.name(), "");
        boolean namesSome =
                !gateway.getOrDefault(Variable.CHAT_ALLOWED_ORIGINS.name(), "").isEmpty();
        if (!namesSome && (host.isEmpty() || LOOPBACK.contains(host))) {
            gateway.put(Variable.CHAT_ALLOWED_ORIGINS.name(), ORIGIN);
        }
    }
}
