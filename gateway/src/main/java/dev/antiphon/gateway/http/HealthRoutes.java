package dev.antiphon.gateway.http;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.RedisState;
import dev.antiphon.gateway.stream.Hub;
import dev.antiphon.gateway.stream.PodStatus;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.PodId;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.time.InstantSource;

/// Reports the pod's health (PROTOCOL.md §4). Lives on the loop: any answer shows that the loop runs.
final class HealthRoutes {

    /// The parts to check, from the moment when the pod serves until it stops.
    private record ServingParts(Backplane backplane, Hub hub) {}

    private final PodId pod;
    private final InstantSource clock;
    private @Nullable ServingParts serving;

    HealthRoutes(PodId pod, InstantSource clock) {
        this.pod = pod;
        this.clock = clock;
    }

    void serving(Backplane backplane, Hub hub) {
        serving = new ServingParts(backplane, hub);
    }

    void stopping() {
        serving = null;
    }

    /// Without NATS everything still works, at the pace of the poll; without Redis nothing does.
    private boolean serves() {
        return redis() == RedisState.WELL;
    }

    /// The state that the pod's streams got, or a newer one.
    private RedisState redis() {
        if (serving == null || serving.hub().status() == PodStatus.REDIS_UNAVAILABLE) {
            return RedisState.UNAVAILABLE;
        }
        return serving.backplane().redisState();
    }

    /// `GET /health`.
    void report(Exchange exchange) {
        boolean nats = serving != null && serving.backplane().natsConnected();
        ObjectNode report = Json.object();
        report.put("status", serves() && nats ? "healthy" : "degraded");
        report.put("pod_id", pod.value());
        report.put("timestamp", clock.instant().getEpochSecond());
        report.put("active_connections", serving == null ? 0 : serving.hub().connections());
        report.put("active_sessions", serving == null ? 0 : serving.hub().sessions());
        report.put("active_buffers", serving == null ? 0 : serving.hub().rings());
        report.put("nats_connected", nats);
        report.put("redis_connected", redis() != RedisState.UNAVAILABLE);
        if (redis() != RedisState.WELL) {
            report.put("redis", redis().wire());
        }
        exchange.json(serves() ? 200 : 503, Json.bytes(report));
    }

    /// `GET /health/live`: restart this process when there is no answer.
    void live(Exchange exchange) {
        exchange.json(200, Json.bytes(Json.object().put("status", "live")));
    }

    /// `GET /health/ready`: this process accepts requests.
    void ready(Exchange exchange) {
        if (serves()) {
            exchange.json(200, Json.bytes(Json.object().put("status", "ready")));
        } else {
            exchange.refuse(Problem.unavailable("this pod is not serving requests now"));
        }
    }
}
