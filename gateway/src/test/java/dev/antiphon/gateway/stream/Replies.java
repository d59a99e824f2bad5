package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.Unavailable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// How a modelled Redis answers: at once, when the test lets it, or not at all. What a call does is done when it is
/// made; only its answer waits.
final class Replies {

    private final List<Runnable> held = new ArrayList<>();
    private boolean holding;
    private boolean away;

    <T> CompletionStage<T> of(T answer) {
        if (away) {
            return CompletableFuture.failedStage(new Unavailable("Redis is away", null));
        }
        CompletableFuture<T> reply = new CompletableFuture<>();
        if (holding) {
            held.add(() -> reply.complete(answer));
        } else {
            reply.complete(answer);
        }
        return reply;
    }

    boolean isAway() {
        return away;
    }

    /// From now on no call is done.
    void away() {
        away = true;
    }

    void back() {
        away = false;
    }

    void hold() {
        holding = true;
    }

    int held() {
        return held.size();
    }

    /// Sends the answers that were held, and no longer holds.
    void release() {
        holding = false;
        List<Runnable> all = List.copyOf(held);
        held.clear();
        all.forEach(Runnable::run);
    }

    /// Sends one of the answers that were held.
    void release(int index) {
        held.remove(index).run();
    }
}
