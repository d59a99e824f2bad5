package dev.antiphon.bench.client;

import java.net.InetSocketAddress;
import java.util.List;

/// Where to send a load.
///
/// @param gateways at least one; sessions are spread over them
/// @param dialect how to talk to them
public record Target(List<InetSocketAddress> gateways, Dialect dialect) {
    public Target {
        gateways = List.copyOf(gateways);
    }

    /// The gateway of the session with this number.
    InetSocketAddress gateway(int session) {
        return gateways.get(session % gateways.size());
    }

    /// Only the first gateway.
    public Target single() {
        return new Target(gateways.subList(0, 1), dialect);
    }
}
