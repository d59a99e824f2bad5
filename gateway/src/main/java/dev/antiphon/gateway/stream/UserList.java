package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.history.SessionState;
import dev.antiphon.backplane.history.SessionState.State;
import dev.antiphon.backplane.history.UserSessions;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// One user's list of sessions, as streams in this pod show it.
///
/// A hint says which session might have changed, and the session's own keys have its state. Hints can be lost, doubled
/// or late: the whole list is read when a stream opens, after lost hints, and now and then. One read is in progress at
/// a time, so an older answer never replaces a newer one.
final class UserList {

    /// How soon the change behind a lost hint is found. A read of 50 sessions costs Redis about 0.12 ms, so 10,000
    /// watching users cost it 4 % of its time.
    static final Duration READ_EVERY = Duration.ofSeconds(30);

    /// Sessions that wait to be read; with one more the whole list is read instead.
    static final int MOST_CHANGED = 64;

    /// Sessions that are remembered between two reads of the whole list; further ones are sent and not remembered.
    private static final int MOST_KNOWN = 500;

    private final UserId user;
    private final Loop loop;
    private final UserSessions sessions;
    private final Gate reads;
    private final StreamCounters counters;
    private final Consumer<UserList> left;

    /// Bounded by the front door's limit of connections.
    private final Set<Watch> watches = new LinkedHashSet<>();

    private final Set<SessionId> changed = new LinkedHashSet<>();
    private Map<SessionId, SessionState> known = new HashMap<>();

    /// Whether `known` is the list: it was read at least once.
    private boolean isRead;

    private boolean reading;
    private long readAt;

    /// No read begins before this time: the last read has failed.
    private long notBefore;

    UserList(
            UserId user,
            Loop loop,
            UserSessions sessions,
            Gate reads,
            StreamCounters counters,
            Consumer<UserList> left) {
        this.user = user;
        this.loop = loop;
        this.sessions = sessions;
        this.reads = reads;
        this.counters = counters;
        this.left = left;
        this.readAt = loop.nanoTime();
        this.notBefore = readAt;
    }

    UserId user() {
        return user;
    }

    boolean isEmpty() {
        return watches.isEmpty();
    }

    Watch watch(EventOutlet outlet) {
        Watch watch = new Watch(outlet);
        watches.add(watch);
        readAll();
        return watch;
    }

    /// A session might have changed.
    void changed(SessionId session) {
        if (changed.size() < MOST_CHANGED) {
            changed.add(session);
        } else if (!changed.contains(session)) {
            counters.add(StreamCount.LIST_HINT_DROPPED);
            readAt = loop.nanoTime();
        }
        read();
    }

    /// Any session might have changed.
    void readAll() {
        readAt = loop.nanoTime();
        read();
    }

    void tick(long now) {
        read();
        List.copyOf(watches).forEach(watch -> watch.tick(now));
    }

    /// Ends the streams of some watches.
    ///
    /// @return how many
    int close(int most) {
        List<Watch> some = watches.stream().limit(most).toList();
        some.forEach(Watch::close);
        return some.size();
    }

    private void read() {
        long now = loop.nanoTime();
        if (reading || watches.isEmpty() || now - notBefore < 0) {
            return;
        }
        if (now - readAt >= 0) {
            readAt = now + READ_EVERY.toNanos();
            reading = true;
            reads.ask(() -> sessions.newest(user), this::readWhole, this::failed);
        } else if (!changed.isEmpty()) {
            List<SessionId> some = List.copyOf(changed);
            changed.clear();
            reading = true;
            reads.ask(() -> sessions.states(user, some), this::readSome, this::failed);
        }
    }

    private void readWhole(List<SessionState> newest) {
        reading = false;
        Map<SessionId, SessionState> before = known;
        known = new HashMap<>();
        newest.forEach(each -> known.put(each.session(), each));
        if (isRead && !before.equals(known)) {
            counters.add(StreamCount.LIST_REPAIRED);
            watches.forEach(watch -> watch.whole = true);
        }
        isRead = true;
        watches.forEach(Watch::write);
        read();
    }

    private void readSome(List<SessionState> states) {
        reading = false;
        List<SessionState> news =
                states.stream().filter(each -> !each.equals(known.get(each.session()))).toList();
        for (SessionState each : news) {
            if (each.state() == State.DELETED) {
                known.remove(each.session());
            } else if (known.size() < MOST_KNOWN || known.containsKey(each.session())) {
                known.put(each.session(), each);
            }
        }
        watches.forEach(watch -> watch.tell(news));
        read();
    }

    /// Everything is read again, so it does not matter which sessions this read was about.
    private void failed(Throwable failure) {
        counters.add(StreamCount.LIST_FAILED);
        reading = false;
        readAt = loop.nanoTime();
        notBefore = readAt + Subscriber.RETRY_AFTER;
    }

    /// One stream that shows the list.
    final class Watch {

        private final EventOutlet outlet;
        private final Pulse pulse = new Pulse(loop.nanoTime());

        /// The client must get all active sessions, before and instead of single changes.
        private boolean whole = true;

        /// The changes that the client must still get; beyond {@link #MOST_CHANGED} it gets the whole list instead.
        private final Map<SessionId, SessionState> news = new LinkedHashMap<>();

        private Watch(EventOutlet outlet) {
            this.outlet = outlet;
        }

        private void tell(List<SessionState> states) {
            states.forEach(each -> news.put(each.session(), each));
            whole |= news.size() > MOST_CHANGED;
            write();
        }

        /// Writes the news, if the client has taken its earlier bytes.
        private void write() {
            if (!isRead || !outlet.writable()) {
                return;
            }
            if (whole) {
                outlet.write(
                        LocalEvents.list(
                                true,
                                known.values().stream().filter(SessionState::isActive).toList()));
            } else if (!news.isEmpty()) {
                outlet.write(LocalEvents.list(false, new ArrayList<>(news.values())));
            }
            whole = false;
            news.clear();
        }

        /// The outlet can take more.
        void drained() {
            write();
        }

        private void tick(long now) {
            if (outlet.writable()) {
                // The sessions of the stream show the state of this pod.
                byte[] due = pulse.due(now, PodStatus.WELL, counters);
                if (due != null) {
                    outlet.write(due);
                }
            } else if (pulse.isStalled(now, outlet.bytesWaiting())) {
                counters.add(StreamCount.SLOW_CLOSED);
                outlet.abort();
                leave();
            }
        }

        private void close() {
            counters.add(StreamCount.DRAINED);
            outlet.end();
            leave();
        }

        /// The client is gone. A second call does nothing.
        void leave() {
            if (watches.remove(this)) {
                left.accept(UserList.this);
            }
        }
    }
}
