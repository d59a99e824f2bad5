package dev.antiphon.cli;

import dev.antiphon.protocol.Environment.Variable;
import dev.antiphon.servers.Ports;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// The environment of a gateway or worker that a person starts beside a running `up`: it uses that
/// one's servers, except where its own environment names others.
final class JoinedEnvironment {
    private JoinedEnvironment() {}

    /// This process' environment, completed by what an `up` that runs on the folder `data` recorded.
    static Map<String, String> of(Path data) {
        Map<String, String> own = new TreeMap<>(new ProcessBuilder().environment());
        own.values().removeIf(String::isEmpty);
        return DataDirectory.joinable(data).map(recorded -> joined(own, recorded)).orElse(own);
    }

    static Map<String, String> joined(Map<String, String> own, Map<String, String> recorded) {
        Map<String, String> joined = new TreeMap<>(recorded);
        if (own.containsKey(Variable.REDIS_HOST.name())) {
            // Its port and password go with its host, not with the host of the `up`.
            joined.remove(Variable.REDIS_PORT.name());
            joined.remove(Variable.REDIS_PASSWORD.name());
        }
        // The default port is the one of the `up`, and the host's name is a pod id only once.
        String port = own.getOrDefault(Variable.SERVER_PORT.name(), "" + Ports.free());
        joined.put(Variable.SERVER_PORT.name(), port);
        joined.put(Variable.POD_ID.name(), PodNames.onThisMachine(port));
        joined.putAll(own);
        DevelopmentOrigin.addTo(joined);
        return joined;
    }
}
