package dev.antiphon.simulation;

import dev.antiphon.backplane.log.ParkedRun;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/// PostgreSQL's rows of runs that wait for their users, and a lock for each session.
final class ModelRows {

    private final Map<Place, ParkedRun> rows = new LinkedHashMap<>();
    private final Set<Place> removed = new HashSet<>();
    private final Map<SessionId, Queue<Runnable>> locks = new HashMap<>();

    Set<Place> places() {
        return rows.keySet();
    }

    @Nullable ParkedRun row(Place place) {
        return rows.get(place);
    }

    List<ParkedRun> of(SessionId session) {
        return rows.values().stream().filter(run -> run.session().equals(session)).toList();
    }

    void store(ParkedRun run) {
        rows.put(new Place(run.session(), run.message()), run);
    }

    void remove(Place place) {
        if (rows.remove(place) != null) {
            removed.add(place);
        }
    }

    /// Whether a run had a row and has continued since.
    boolean wasRemoved(Place place) {
        return removed.contains(place);
    }

    /// Gives the session's lock to a task, in order of request. The task releases the lock with {@link #unlock}.
    void lock(SessionId session, Runnable task) {
        Queue<Runnable> waiting = locks.get(session);
        if (waiting == null) {
            locks.put(session, new ArrayDeque<>());
            task.run();
        } else {
            waiting.add(task);
        }
    }

    void unlock(SessionId session) {
        Runnable next = locks.getOrDefault(session, new ArrayDeque<>()).poll();
        if (next == null) {
            locks.remove(session);
        } else {
            next.run();
        }
    }
}
