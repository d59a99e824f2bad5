package dev.antiphon.gateway;

import dev.antiphon.gateway.stream.Loop;

import io.vertx.core.Context;
import io.vertx.core.Vertx;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/// The gateway's one event loop.
final class VertxLoop implements Loop {

    private final Context context;

    /// The loop of a Vert.x that has only one.
    VertxLoop(Vertx vertx) {
        this.context = vertx.getOrCreateContext();
    }

    @Override
    public void execute(Runnable task) {
        try {
            context.runOnContext(_ -> task.run());
        } catch (RejectedExecutionException e) {
            // The loop has ended, and nothing needs the task any more.
        }
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    /// Runs a task on the loop and returns its result. For other threads.
    <T> CompletableFuture<T> call(Supplier<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        execute(() -> {
            try {
                result.complete(task.get());
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }
}
