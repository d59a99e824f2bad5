package dev.antiphon.gateway.stream;

import dev.antiphon.gateway.stream.Counters.Count;
import dev.antiphon.protocol.SessionId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The connections of one session in this pod, and which of them the registry knows.
final class Watchers {

    /// Beyond this a pod's connections of one session are not registered: a worker only asks which pods. It bounds what
    /// every append must read when somebody opens a thousand tabs.
    static final int MOST_REGISTERED = 16;

    /// How often the registry is told again who is here: what a lost or restarted Redis forgot is back after this, and
    /// until then the poll finds the entries.
    static final long REFRESH_EVERY = Duration.ofSeconds(10).toNanos();

    private final SessionId session;
    private final Surroundings around;
    private final List<Subscriber> all = new ArrayList<>();
    private int registered;
    private int refreshing;
    private long refreshedAt;

    Watchers(SessionId session, Surroundings around) {
        this.session = session;
        this.around = around;
        this.refreshedAt = around.loop().nanoTime();
    }

    int count() {
        return all.size();
    }

    /// A copy: a subscriber that is closed takes itself out.
    List<Subscriber> all() {
        return List.copyOf(all);
    }

    /// Adds a connection.
    ///
    /// @return whether it is to be registered
    boolean join(Subscriber subscriber) {
        all.add(subscriber);
        if (registered == MOST_REGISTERED) {
            return false;
        }
        registered++;
        return true;
    }

    /// Takes a connection out.
    ///
    /// @param wasRegistered whether the registry may know it
    void leave(Subscriber subscriber, boolean wasRegistered) {
        all.remove(subscriber);
        if (wasRegistered) {
            registered--;
            registerOthers();
            around.departures().leave(session, subscriber.connection());
        }
    }

    /// Those beyond the bound take the places of those that leave, and are registered before those are taken out: else
    /// the last registered one to leave would make the whole pod unknown.
    private void registerOthers() {
        for (Subscriber subscriber : all) {
            if (registered < MOST_REGISTERED && subscriber.becomeRegistered()) {
                registered++;
                refresh(subscriber);
            }
        }
    }

    /// Everyone writes what there is. From the youngest to the oldest, so that one that is closed by its own write and
    /// takes itself out moves none that is still to come.
    void flush() {
        for (int i = all.size() - 1; i >= 0; i--) {
            all.get(i).pump();
        }
    }

    void tick(long now, Standing standing) {
        for (int i = all.size() - 1; i >= 0; i--) {
            all.get(i).tick(now, standing);
        }
        if (now - refreshedAt >= REFRESH_EVERY) {
            refresh();
        }
    }

    /// Tells the registry again who is here. Skipped while the last time is still under way.
    void refresh() {
        if (refreshing > 0) {
            return;
        }
        refreshedAt = around.loop().nanoTime();
        registerOthers();
        for (Subscriber subscriber : all) {
            if (subscriber.isRegistered()) {
                refresh(subscriber);
            }
        }
    }

    private void refresh(Subscriber subscriber) {
        refreshing++;
        around.calls()
                .ask(
                        () -> around.registry().refresh(session, subscriber.connection()),
                        _ -> refreshed(subscriber),
                        _ -> {
                            around.counters().add(Count.REGISTRY_FAILED);
                            refreshed(subscriber);
                        });
    }

    /// It may have left while its refresh waited for its turn, and then was taken out before it was added again.
    private void refreshed(Subscriber subscriber) {
        refreshing--;
        if (subscriber.hasLeft()) {
            around.departures().leave(session, subscriber.connection());
        }
    }
}
