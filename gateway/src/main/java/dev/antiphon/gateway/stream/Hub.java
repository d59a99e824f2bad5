package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.HistoryReader;
import dev.antiphon.backplane.history.UserSessions;
import dev.antiphon.backplane.log.LogReader;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.ConnectionRegistry;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// All sessions that are watched in this pod: takes rings, opens and closes connections, and runs the timers. Methods
/// are called on the loop unless they say otherwise.
public final class Hub {

    /// How often to call {@link #tick}. Half of the shortest interval that any part of this package waits for.
    public static final Duration TICK = Duration.ofMillis(500);

    private final Supplier<ConnectionId> ids;
    private final PodServices services;
    private final Inbox inbox;

    /// Bounded by the front door's limit of connections.
    private final Map<SessionId, Feed> feeds = new HashMap<>();

    private final UserLists lists;
    private int connections;
    private PodStatus status = PodStatus.WELL;

    /// @param ids makes a new id for each connection
    public Hub(
            Loop loop,
            LogReader log,
            HistoryReader history,
            UserSessions sessions,
            ConnectionRegistry registry,
            Supplier<ConnectionId> ids,
            StreamCounters counters) {
        this.ids = ids;
        this.services = PodServices.of(loop, log, history, registry, counters);
        this.inbox = new Inbox(loop, this::deliver, counters);
        this.lists = new UserLists(loop, sessions, counters);
    }

    /// An entry was rung for this pod. Any thread; does not block.
    void rang(Ring ring) {
        rang(List.of(ring));
    }

    /// These entries were rung for this pod, in this order. Any thread; does not block.
    public void rang(List<Ring> rings) {
        inbox.offer(rings);
    }

    /// A session was erased: its feed reads the log. Any thread; does not block.
    public void erased(SessionId session) {
        services.loop()
                .execute(() -> {
                    Feed feed = feeds.get(session);
                    if (feed != null) {
                        feed.erased();
                    }
                });
    }

    /// Rings were lost for a while: every feed reads the log. Any thread.
    public void ringsWereLost() {
        services.loop()
                .execute(() -> {
                    feeds.values().forEach(Feed::poll);
                    lists.hintsWereLost();
                });
    }

    /// A session might have changed in its user's list. Any thread; does not block.
    public void changed(UserId user, SessionId session) {
        lists.changed(user, session);
    }

    /// Shows a user's list on a stream, from now on.
    UserList.Watch watchList(UserId user, EventOutlet outlet) {
        return lists.watch(user, outlet);
    }

    /// The log of a session ends at `tail`, or ended there a moment ago: its watchers read the entries that they lack.
    void endsAt(SessionId session, EntryId tail) {
        Feed feed = feeds.get(session);
        if (feed != null) {
            feed.endsAt(tail);
        }
    }

    /// Makes a call to Redis when there is room for one.
    <T> void ask(
            Supplier<CompletionStage<T>> call, Consumer<T> answered, Consumer<Throwable> failed) {
        services.calls().ask(call, answered, failed);
    }

    /// Sets which servers are available to this pod. Its clients get the news when that changes. Without NATS the poll
    /// runs at its faster pace, because then it alone brings entries.
    public void status(PodStatus status) {
        this.status = status;
    }

    public PodStatus status() {
        return status;
    }

    /// Every feed takes all its rings before any client is written to, so that each client gets one write.
    private void deliver(List<Ring> rings) {
        Set<Feed> touched = new LinkedHashSet<>();
        for (Ring ring : rings) {
            Feed feed = feeds.get(ring.session());
            if (feed == null) {
                services.counters().add(StreamCount.RING_UNWATCHED);
            } else if (feed.rang(ring.entry())) {
                touched.add(feed);
            }
        }
        touched.forEach(Feed::flush);
    }

    /// Registers a new connection and answers, later, whether it may begin.
    ///
    /// @param answer not called when the connection leaves first
    /// @return the connection, so that it can leave at any time
    public Subscriber open(SessionId session, UserId user, Cursor from, Consumer<Opened> answer) {
        // Before the attach: a ring can be faster than the answer with the end of the log.
        Feed feed = feeds.computeIfAbsent(session, _ -> new Feed(session, services));
        connections++;
        Subscriber subscriber =
                new Subscriber(feed, user, ids.get(), from, services, () -> left(feed));
        boolean register = subscriber.isRegistered();
        services.calls()
                .ask(
                        () ->
                                services.registry()
                                        .attach(session, user, subscriber.connection(), register),
                        attach -> opened(subscriber, attach, answer),
                        failure -> {
                            services.counters().add(StreamCount.REGISTRY_FAILED);
                            if (isUnavailable(failure) && !subscriber.hasLeft()) {
                                subscriber.unconfirmed();
                                answer.accept(new Opened.Ready(subscriber));
                            } else {
                                refused(subscriber, new Opened.Failed(failure), answer);
                            }
                        });
        return subscriber;
    }

    private static boolean isUnavailable(Throwable failure) {
        return failure instanceof Unavailable
                || (failure instanceof CompletionException
                        && failure.getCause() instanceof Unavailable);
    }

    private static void opened(Subscriber subscriber, Attach attach, Consumer<Opened> answer) {
        switch (attach) {
            case Attach.Attached _ when subscriber.hasLeft() -> subscriber.depart();
            case Attach.Attached attached -> {
                subscriber.attached(attached);
                answer.accept(new Opened.Ready(subscriber));
            }
            case Attach.Foreign() -> refused(subscriber, new Opened.Foreign(), answer);
        }
    }

    /// Removed from the registry in any case: a failed attach might have taken effect.
    private static void refused(Subscriber subscriber, Opened why, Consumer<Opened> answer) {
        boolean gone = subscriber.hasLeft();
        subscriber.depart();
        if (!gone) {
            answer.accept(why);
        }
    }

    private void left(Feed feed) {
        connections--;
        if (feed.watchers().count() == 0) {
            feeds.remove(feed.session(), feed);
        }
    }

    /// Runs the timers that are due.
    public void tick() {
        long now = services.loop().nanoTime();
        services.departures().tick();
        if (services.departures().mustRegisterAgain()) {
            registerAgain();
        }
        // A copy, because a connection that is closed can remove its feed.
        for (Feed feed : new ArrayList<>(feeds.values())) {
            feed.tick(now, status);
        }
        lists.tick(now);
    }

    /// Removes this pod's registrations, and registers its present connections again.
    private void registerAgain() {
        services.calls()
                .ask(
                        () -> services.registry().purge(),
                        _ -> feeds.values().forEach(feed -> feed.watchers().refresh()),
                        // Members that are left behind are removed with the pod.
                        _ -> services.counters().add(StreamCount.REGISTRY_FAILED));
    }

    /// Connections that are open or opening; a shown list counts as one.
    public int connections() {
        return connections + lists.watches();
    }

    /// Sessions that are watched.
    public int sessions() {
        return feeds.size();
    }

    /// Sessions whose last entries are held in memory.
    public int rings() {
        return (int) feeds.values().stream().filter(Feed::holdsFrames).count();
    }

    /// Ends some streams, each after the entries that it can send right away; their clients come back elsewhere.
    ///
    /// @return how many are left
    public int close(int most) {
        int left = most;
        for (Feed feed : new ArrayList<>(feeds.values())) {
            for (Subscriber subscriber : feed.watchers().all()) {
                if (left == 0) {
                    return connections();
                }
                if (!subscriber.hasLeft()) {
                    left--;
                    subscriber.close();
                    services.counters().add(StreamCount.DRAINED);
                }
            }
        }
        lists.close(left);
        return connections();
    }

    /// Ends all streams and removes their connections from the registry. Completes on the loop when that is done or has
    /// failed; the caller decides how long to wait.
    public CompletionStage<Void> close() {
        for (Feed feed : new ArrayList<>(feeds.values())) {
            feed.watchers().all().forEach(Subscriber::close);
        }
        lists.close(lists.watches());
        return services.departures().settled();
    }
}
