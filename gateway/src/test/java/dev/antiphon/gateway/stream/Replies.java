package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.Unavailable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// How a modelled Redis answers: at once, when the test lets it, or not at all. The effect of a call happens at once;
/// only its answer waits.
final class Replies {

    private final List<Runnable> held = new ArrayList<>();
    private boolean holding;
    private boolean away;

    <T> CompletionStage<T> of(T answer) {
        if (away) {
            return CompletableFuture.failedStage(new Unavailable("Redis is unavailable", null));
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

    /// From now on calls fail.
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

    /// Sends the held answers, and holds no more.
    void release() {
        holding = false;
        List<Runnable> all = List.copyOf(held);
        held.clear();
        all.forEach(Runnable::run);
    }

    /// Sends one of the held answers.
    void release(int index) {
        held.remove(index).run();
    }
}
