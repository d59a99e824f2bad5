package dev.antiphon.testkit;

import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.FakeModelServer.Script;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// OpenAI's Responses in background mode: one answer that continues without its readers, who can fetch the rest.
public final class FakeResponses implements Script {

    /// What the stream does after its first events.
    public interface Then {
        void go(Exchange exchange) throws IOException;
    }

    private final List<String> events;
    private final int first;
    private final Then then;

    /// How often a response was created, its rest was requested, and it was cancelled.
    public final AtomicInteger created = new AtomicInteger();

    public final AtomicInteger continued = new AtomicInteger();
    public final AtomicInteger cancelled = new AtomicInteger();

    /// Whether the server has forgotten the response.
    public volatile boolean forgotten;

    /// @param events of the whole answer, numbered
    /// @param first how many of them the stream of the first request sends
    /// @param then what that stream does after them
    public FakeResponses(List<String> events, int first, Then then) {
        this.events = events;
        this.first = first;
        this.then = then;
    }

    @Override
    public void answer(Exchange exchange) throws IOException {
        String line = exchange.request().line();
        if (line.startsWith("POST /v1/responses ")) {
            if (created.getAndIncrement() == 0) {
                exchange.open();
                if (first > 0) {
                    exchange.send(String.join("", events.subList(0, first)));
                }
                then.go(exchange);
            } else {
                exchange.open().send(String.join("", events)).end();
            }
        } else if (line.startsWith("POST /v1/responses/resp_1/cancel ")) {
            cancelled.incrementAndGet();
            exchange.answer(200, "", "{\"id\":\"resp_1\",\"status\":\"cancelled\"}");
        } else if (line.startsWith("GET /v1/responses/resp_1?stream=true&starting_after=")
                && !forgotten) {
            continued.incrementAndGet();
            int after = Integer.parseInt(line.replaceAll(".*starting_after=([0-9]+) .*", "$1"));
            exchange.open().send(String.join("", events.subList(after + 1, events.size()))).end();
        } else {
            exchange.answer(404, "", "{\"error\":{\"code\":null,\"type\":\"not_found\"}}");
        }
    }
}
