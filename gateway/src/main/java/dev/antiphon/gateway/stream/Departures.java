package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.registry.ConnectionRegistry;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.SessionId;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Removes connections that have left from the registry, and retries the calls that Redis did not take: each chunk of a
/// session is sent to this pod for nothing while a member stays behind.
final class Departures {

    /// More than this are given up, and then all of this pod's registrations are made again: Redis has been unavailable
    /// for long.
    static final int MOST = 10_000;

    /// A Redis that loses its last two seconds has the member again: each is removed a second time after this
    /// many ticks.
    private static final int TICKS_UNTIL_AGAIN = 4;

    private record Departure(SessionId session, ConnectionId connection) {}

    private final ConnectionRegistry registry;
    private final Gate calls;
    private final StreamCounters counters;
    private final Queue<Departure> failed = new ArrayDeque<>();

    /// Calls to repeat, by ticks, the next first; those that do not fit under {@link #MOST} are not repeated.
    private final Deque<List<Departure>> again = new ArrayDeque<>();

    private int repeats;
    private final List<CompletableFuture<Void>> awaiting = new ArrayList<>();
    private int underWay;
    private boolean dropped;

    Departures(ConnectionRegistry registry, Gate calls, StreamCounters counters) {
        this.registry = registry;
        this.calls = calls;
        this.counters = counters;
        for (int i = 0; i < TICKS_UNTIL_AGAIN; i++) {
            again.add(new ArrayList<>());
        }
    }

    void leave(SessionId session, ConnectionId connection) {
        if (underWay + failed.size() >= MOST) {
            counters.add(StreamCount.DEPARTURE_DROPPED);
            dropped = true;
            return;
        }
        Departure departure = new Departure(session, connection);
        detach(departure);
        if (repeats < MOST) {
            repeats++;
            again.getLast().add(departure);
        }
    }

    private void detach(Departure departure) {
        underWay++;
        calls.ask(
                () -> registry.detach(departure.session(), departure.connection()),
                _ -> finished(),
                _ -> {
                    counters.add(StreamCount.REGISTRY_FAILED);
                    failed.add(departure);
                    finished();
                });
    }

    private void finished() {
        underWay--;
        if (underWay == 0) {
            awaiting.forEach(all -> all.complete(null));
            awaiting.clear();
        }
    }

    /// Retries the failed calls. Called about every second.
    void tick() {
        for (int i = failed.size(); i > 0; i--) {
            detach(failed.remove());
        }
        List<Departure> due = again.removeFirst();
        again.addLast(new ArrayList<>());
        repeats -= due.size();
        due.stream().filter(_ -> underWay + failed.size() < MOST).forEach(this::detach);
    }

    /// Whether departures were given up and no other is left. True only once.
    boolean mustRegisterAgain() {
        if (!dropped || underWay > 0 || !failed.isEmpty()) {
            return false;
        }
        dropped = false;
        return true;
    }

    /// Completes on the loop when every departure so far was tried at least once.
    CompletionStage<Void> settled() {
        CompletableFuture<Void> all = new CompletableFuture<>();
        if (underWay == 0) {
            all.complete(null);
        } else {
            awaiting.add(all);
        }
        return all;
    }
}
