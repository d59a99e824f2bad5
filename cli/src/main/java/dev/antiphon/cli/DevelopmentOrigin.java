package dev.antiphon.cli;

import dev.antiphon.protocol.Environment.Variable;

import java.util.Map;
import java.util.Set;

/// The web origin from which the gateways of an `up` accept calls by default: the address of the sample page in
/// docs/embed.md and of most development web servers. The compose file has the same default.
final class DevelopmentOrigin {

    static final String ORIGIN = "http://localhost:3000";

    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "::1", "localhost");

    private DevelopmentOrigin() {}

    /// Sets the origin for a gateway that names none, if no other machine can reach that gateway.
    static void addTo(Map<String, String> gateway) {
        String host = gateway.getOrDefault(Variable.SERVER_HOST.name(), "");
        boolean namesSome =
                !gateway.getOrDefault(Variable.CHAT_ALLOWED_ORIGINS.name(), "").isEmpty();
        if (!namesSome && (host.isEmpty() || LOOPBACK.contains(host))) {
            gateway.put(Variable.CHAT_ALLOWED_ORIGINS.name(), ORIGIN);
        }
    }
}
