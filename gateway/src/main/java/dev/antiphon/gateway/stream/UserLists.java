package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.history.UserSessions;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// The lists of sessions that are watched in this pod, one for each user. Methods are called on the loop unless they
/// say otherwise.
final class UserLists {

    /// Hints that the loop has not taken yet; more are dropped, and the poll finds their changes.
    private static final int MOST_ON_THE_WAY = 10_000;

    /// Concurrent reads for all lists: after a reconnect to NATS all of them are read.
    private static final int READS_AT_ONCE = 32;

    private final Loop loop;
    private final UserSessions sessions;
    private final StreamCounters counters;
    private final Gate reads;
    private final AtomicInteger onTheWay = new AtomicInteger();

    /// Bounded by the front door's limit of connections. Changed only on the loop; other threads check whether a user
    /// is in it, so that hints of users without a watcher here end there.
    private final Map<UserId, UserList> lists = new ConcurrentHashMap<>();

    private int watches;

    UserLists(Loop loop, UserSessions sessions, StreamCounters counters) {
        this.loop = loop;
        this.sessions = sessions;
        this.counters = counters;
        this.reads = new Gate(READS_AT_ONCE, loop);
    }

    /// Watches a user's list; the outlet first gets all sessions that run or wait for the user.
    UserList.Watch watch(UserId user, EventOutlet outlet) {
        watches++;
        return lists.computeIfAbsent(
                        user, _ -> new UserList(user, loop, sessions, reads, counters, this::left))
                .watch(outlet);
    }

    private void left(UserList list) {
        watches--;
        if (list.isEmpty()) {
            lists.remove(list.user(), list);
        }
    }

    /// A session might have changed. Any thread; does not block.
    void changed(UserId user, SessionId session) {
        if (!lists.containsKey(user)) {
            return;
        }
        if (onTheWay.incrementAndGet() > MOST_ON_THE_WAY) {
            onTheWay.decrementAndGet();
            counters.add(StreamCount.LIST_HINT_DROPPED);
            return;
        }
        loop.execute(() -> {
            onTheWay.decrementAndGet();
            UserList list = lists.get(user);
            if (list != null) {
                list.changed(session);
            }
        });
    }

    /// Hints were lost for a while.
    void hintsWereLost() {
        lists.values().forEach(UserList::readAll);
    }

    /// Runs the timers that are due.
    void tick(long now) {
        // A copy, because a watch that is closed can remove its list.
        new ArrayList<>(lists.values()).forEach(list -> list.tick(now));
    }

    /// Streams that show a list.
    int watches() {
        return watches;
    }

    /// Ends the streams of some watches.
    ///
    /// @return how many
    int close(int most) {
        int closed = 0;
        for (UserList list : new ArrayList<>(lists.values())) {
            closed += list.close(most - closed);
        }
        return closed;
    }
}
