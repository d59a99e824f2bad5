package dev.antiphon.gateway;

import dev.antiphon.gateway.stream.Hub;

import io.vertx.core.Vertx;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Ends the streams of a stopping pod, a few at a time: thousands of clients that come back at once would overload the
/// remaining pods. All streams end within {@link #OVER}, so the pause is short for every client.
final class Drain {

    static final Duration OVER = Duration.ofMillis(1_200);

    private static final Duration EVERY = Duration.ofMillis(20);

    /// Fewer do not need steps: a pod with a handful of streams stops at once.
    private static final int LEAST = 10;

    private final Vertx vertx;
    private final VertxLoop loop;
    private final Hub hub;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    Drain(Vertx vertx, VertxLoop loop, Hub hub) {
        this.vertx = vertx;
        this.loop = loop;
        this.hub = hub;
    }

    /// Begins; completes when all streams have ended.
    CompletionStage<Void> begin() {
        loop.execute(() -> {
            int steps = (int) (OVER.toNanos() / EVERY.toNanos());
            step(Math.max(LEAST, (hub.connections() + steps - 1) / steps));
        });
        return done;
    }

    private void step(int some) {
        if (hub.close(some) == 0) {
            done.complete(null);
        } else {
            vertx.setTimer(EVERY.toMillis(), _ -> loop.execute(() -> step(some)));
        }
    }
}
