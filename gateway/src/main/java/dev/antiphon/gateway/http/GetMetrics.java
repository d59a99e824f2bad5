package dev.antiphon.gateway.http;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/// `GET /metrics`: Prometheus' text format (PROTOCOL.md §4). Anyone who can reach the port can read it: block it at the
/// load balancer.
record GetMetrics(Supplier<String> text) implements Endpoint {

    private static final String MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    @Override
    public void handle(Exchange exchange) {
        exchange.answer(200, MEDIA_TYPE, text.get().getBytes(StandardCharsets.UTF_8));
    }
}
