package dev.antiphon.gateway.stream;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Limits the concurrent calls to Redis; the others wait their turn, first come first served. Each caller has a bounded
/// number of waiting calls, so the feeds and connections bound the queue.
///
/// Lives on the loop; all answers are handled there, whichever thread they come from.
final class Gate {

    private final int most;
    private final Loop loop;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int underWay;

    Gate(int most, Loop loop) {
        this.most = most;
        this.loop = loop;
    }

    /// Makes a call when there is room. Later, exactly one of `answered` and `failed` runs on the loop.
    <T> void ask(
            Supplier<CompletionStage<T>> call, Consumer<T> answered, Consumer<Throwable> failed) {
        waiting.add(() -> start(call, answered, failed));
        startWaiting();
    }

    private void startWaiting() {
        while (underWay < most && !waiting.isEmpty()) {
            underWay++;
            waiting.remove().run();
        }
    }

    private <T> void start(
            Supplier<CompletionStage<T>> call, Consumer<T> answered, Consumer<Throwable> failed) {
        made(call)
                .whenComplete((value, failure) ->
                        loop.execute(() -> {
                            underWay--;
                            startWaiting();
                            if (failure == null) {
                                answered.accept(value);
                            } else {
                                failed.accept(failure);
                            }
                        }));
    }

    /// A call that throws counts as failed: its place must become free again.
    private static <T> CompletionStage<T> made(Supplier<CompletionStage<T>> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            return CompletableFuture.failedStage(e);
        }
    }
}
