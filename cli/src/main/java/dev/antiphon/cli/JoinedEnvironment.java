package dev.antiphon.cli;

import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.servers.Ports;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// The environment of a gateway or worker that a user starts next to a running `up`: it uses the servers of the `up`,
/// except where its own environment names others.
final class JoinedEnvironment {
    private JoinedEnvironment() {}

    /// This process' environment, completed with the records of an `up` that runs on the folder `data`.
    static Map<String, String> of(Path data) {
        Map<String, String> own = new TreeMap<>(new ProcessBuilder().environment());
        own.values().removeIf(String::isEmpty);
        return DataDirectory.joinable(data).map(recorded -> joined(own, recorded)).orElse(own);
    }

    static Map<String, String> joined(Map<String, String> own, Map<String, String> recorded) {
        Map<String, String> joined = new TreeMap<>(recorded);
        if (own.containsKey(Variable.REDIS_HOST.name())) {
            // Port and password belong to the named host, not to the host of the `up`.
            joined.remove(Variable.REDIS_PORT.name());
            joined.remove(Variable.REDIS_PASSWORD.name());
        }
        // The default port belongs to the `up`, and the host's name can be the pod id of only
        // one gateway.
        String port = own.getOrDefault(Variable.SERVER_PORT.name(), "" + Ports.free());
        joined.put(Variable.SERVER_PORT.name(), port);
        joined.put(Variable.POD_ID.name(), PodNames.onThisMachine(port));
        joined.putAll(own);
        DevelopmentOrigin.addTo(joined);
        return joined;
    }
}
