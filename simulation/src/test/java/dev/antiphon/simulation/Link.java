package dev.antiphon.simulation;

import dev.antiphon.backplane.Unavailable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// One process' connection to Redis, as Lettuce maintains it: calls are pipelined and keep their order, and when the
/// connection is lost, calls without an answer are sent again, executed or not. A call without an answer in time fails;
/// it may have been executed, or may still be.
final class Link {

    private static final long TIMEOUT = Duration.ofSeconds(5).toNanos();

    private static final class Call {
        private final Runnable execution;
        private boolean settled;

        private Call(Runnable execution) {
            this.execution = execution;
        }
    }

    private final Host host;
    private final Scheduler scheduler;
    private final LongSupplier latency;
    private final Faults faults;
    private final List<Call> unanswered = new ArrayList<>();
    private boolean connected = true;

    /// Counts connections: data of an older one is lost.
    private int connection;

    private long lastArrival;
    private long lastReply;

    Link(Host host, Scheduler scheduler, LongSupplier latency, Faults faults) {
        this.host = host;
        this.scheduler = scheduler;
        this.latency = latency;
        this.faults = faults;
    }

    Host host() {
        return host;
    }

    <T> CompletionStage<T> call(Supplier<T> command) {
        if (faults.happens(Faults.Kind.CALL_REFUSED)) {
            return CompletableFuture.failedStage(new Unavailable("too many calls", null));
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        boolean replyLost = faults.happens(Faults.Kind.REPLY_LOST);
        boolean requestLost = !replyLost && faults.happens(Faults.Kind.REQUEST_LOST);
        Call[] self = new Call[1];
        Call call =
                new Call(() -> {
                    if (requestLost) {
                        return;
                    }
                    T value;
                    try {
                        value = command.get();
                    } catch (RuntimeException e) {
                        reply(self[0], () -> answer.completeExceptionally(e));
                        return;
                    }
                    if (!replyLost) {
                        reply(self[0], () -> answer.complete(value));
                    }
                });
        self[0] = call;
        unanswered.add(call);
        long timeout = requestLost || replyLost ? scheduler.random().nextLong(1, TIMEOUT) : TIMEOUT;
        host.after(
                timeout,
                () -> {
                    if (!call.settled) {
                        settle(call);
                        answer.completeExceptionally(new Unavailable("no answer in time", null));
                    }
                });
        if (connected) {
            send(call);
        }
        return answer;
    }

    private void send(Call call) {
        int sentOn = connection;
        lastArrival = Math.max(lastArrival + 1, scheduler.now() + latency.getAsLong());
        scheduler.at(
                lastArrival,
                () -> {
                    if (sentOn == connection) {
                        call.execution.run();
                    }
                });
    }

    private void reply(Call call, Runnable completion) {
        int sentOn = connection;
        lastReply = Math.max(lastReply + 1, scheduler.now() + latency.getAsLong());
        scheduler.at(
                lastReply,
                () -> {
                    if (sentOn == connection) {
                        host.run(() -> {
                            if (!call.settled) {
                                settle(call);
                                completion.run();
                            }
                        });
                    }
                });
    }

    private void settle(Call call) {
        call.settled = true;
        unanswered.remove(call);
    }

    /// The connection is lost, and is restored after a while.
    void breakFor(long nanos) {
        connection++;
        connected = false;
        int broken = connection;
        // A paused process connects when it is resumed, after the calls that are too old have
        // failed.
        host.after(
                nanos,
                () ->
                        host.execute(() -> {
                            if (broken == connection) {
                                connected = true;
                                List.copyOf(unanswered).forEach(this::send);
                            }
                        }));
    }

    /// The process is gone; data that it has sent can still arrive.
    void abandon(boolean arrives) {
        if (!arrives) {
            connection++;
        }
        connected = false;
    }
}
