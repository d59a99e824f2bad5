package dev.antiphon.gateway.stream;

import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.SessionId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The connections of one session in this pod, and which of them the registry has.
final class Watchers {

    /// A pod's connections of one session beyond this number are not registered: workers only need the pods. This
    /// bounds the work of every append when a user opens a thousand tabs.
    static final int MOST_REGISTERED = 16;

    /// How often the registrations are repeated. A restarted Redis that lost them has them again after this time, and
    /// until then the poll finds the entries.
    static final long REFRESH_EVERY = Duration.ofSeconds(10).toNanos();

    private final SessionId session;
    private final PodServices services;
    private final List<Subscriber> all = new ArrayList<>();
    private int registered;
    private int refreshing;
    private long refreshedAt;

    Watchers(SessionId session, PodServices services) {
        this.session = session;
        this.services = services;
        this.refreshedAt = services.loop().nanoTime();
    }

    int count() {
        return all.size();
    }

    /// A copy: a subscriber that is closed removes itself.
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

    /// Removes a connection.
    ///
    /// @param wasRegistered whether the registry might have it
    void leave(Subscriber subscriber, boolean wasRegistered) {
        all.remove(subscriber);
        if (wasRegistered) {
            registered--;
            registerOthers();
            services.departures().leave(session, subscriber.connection());
        }
    }

    /// Unregistered connections take the places of those that leave, and are registered before those are removed.
    /// Otherwise the departure of the last registered one would make the whole pod unknown.
    private void registerOthers() {
        for (Subscriber subscriber : all) {
            if (registered < MOST_REGISTERED && subscriber.becomeRegistered()) {
                registered++;
                refresh(subscriber);
            }
        }
    }

    /// Lets all subscribers write, from the youngest to the oldest: a subscriber that is closed by its own write
    /// removes itself, and this order keeps the positions of those that follow.
    void flush() {
        for (int i = all.size() - 1; i >= 0; i--) {
            all.get(i).pump();
        }
    }

    void tick(long now, PodStatus status) {
        for (int i = all.size() - 1; i >= 0; i--) {
            all.get(i).tick(now, status);
        }
        if (now - refreshedAt >= REFRESH_EVERY) {
            refresh();
        }
    }

    /// Repeats the registrations. Skipped while the last repetition is still in progress.
    void refresh() {
        if (refreshing > 0) {
            return;
        }
        refreshedAt = services.loop().nanoTime();
        registerOthers();
        for (Subscriber subscriber : all) {
            if (subscriber.isRegistered()) {
                refresh(subscriber);
            }
        }
    }

    private void refresh(Subscriber subscriber) {
        refreshing++;
        services.calls()
                .ask(
                        () -> services.registry().refresh(session, subscriber.connection()),
                        _ -> refreshed(subscriber),
                        _ -> {
                            services.counters().add(StreamCount.REGISTRY_FAILED);
                            refreshed(subscriber);
                        });
    }

    /// It might have left while its refresh waited, and was then removed before it was added again.
    private void refreshed(Subscriber subscriber) {
        refreshing--;
        if (subscriber.hasLeft()) {
            services.departures().leave(session, subscriber.connection());
        }
    }
}
