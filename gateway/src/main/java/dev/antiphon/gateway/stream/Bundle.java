package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;

/// One client's stream of several sessions: a {@link Subscriber} for each, all writing to one {@link EventOutlet}. The
/// frames are byte for byte those of a single session's stream. An event that names the session precedes them whenever
/// the session changes. The stream can also show the user's list of sessions, or only this list.
///
/// All methods are called on the loop.
public final class Bundle {

    /// A browser with more tabs than this opens a second stream. This also limits one request's load on Redis.
    public static final int MOST_SESSIONS = 32;

    /// One session of the stream and the place where it begins.
    public record Wanted(SessionId session, Cursor from) {}

    private static final Logger LOG = LoggerFactory.getLogger(Bundle.class);

    private final EventOutlet outlet;
    private final List<Lane> lanes = new ArrayList<>();

    /// The session of the next frame, from the client's view.
    private @Nullable Lane named;

    /// The session that last had the first turn to write: a session with a long replay must not starve the others.
    private int turn;

    /// The part that shows the user's list; null when the client did not ask for it.
    private UserList.@Nullable Watch list;

    private boolean over;

    private Bundle(EventOutlet outlet) {
        this.outlet = outlet;
    }

    /// Begins the stream. Each session is shown as soon as Redis has confirmed that it is the user's. A session of
    /// another user is refused, and the others continue.
    ///
    /// @param wanted at most {@link #MOST_SESSIONS}, and none only with the list; a session can be in it more than
    ///     once, because two tabs can be at two places
    /// @param withList whether the user's list is shown
    public static Bundle open(
            Hub hub, UserId user, List<Wanted> wanted, boolean withList, EventOutlet outlet) {
        if ((wanted.isEmpty() && !withList) || wanted.size() > MOST_SESSIONS) {
            throw new IllegalArgumentException(wanted.size() + " sessions");
        }
        Bundle bundle = new Bundle(outlet);
        // The answer's head leaves with it: the client sees that it is connected before Redis
        // has answered.
        outlet.write(LocalEvents.PING);
        wanted.forEach(each -> bundle.add(hub, user, each));
        if (withList) {
            bundle.list = hub.watchList(user, bundle.new ListLane());
        }
        return bundle;
    }

    private void add(Hub hub, UserId user, Wanted wanted) {
        Lane lane = new Lane(wanted.session(), lanes.size());
        lanes.add(lane);
        lane.subscriber =
                hub.open(wanted.session(), user, wanted.from(), opened -> opened(lane, opened));
    }

    private void opened(Lane lane, Opened opened) {
        switch (opened) {
            case Opened.Ready(Subscriber subscriber) -> subscriber.start(lane);
            case Opened.Foreign() ->
                    lane.refuse(LocalEvents.refused(lane.session, ErrorCode.SESSION_NOT_FOUND));
            case Opened.Failed(Throwable cause) -> {
                LOG.atError().setCause(cause).log("a session of a stream could not be opened");
                lane.refuse(LocalEvents.refused(lane.session, ErrorCode.INTERNAL));
            }
        }
    }

    /// The outlet can take more. The session after the one that wrote first last time writes first now.
    public void drained() {
        if (list != null && !over) {
            list.drained();
        }
        for (int i = lanes.size(); i > 0 && !over && outlet.writable(); i--) {
            turn = (turn + 1) % lanes.size();
            lanes.get(turn).drained();
        }
    }

    /// The client is gone. A second call does nothing.
    public void leave() {
        over = true;
        List.copyOf(lanes).forEach(Lane::leave);
        lanes.clear();
        if (list != null) {
            list.leave();
        }
    }

    private void end() {
        if (!over) {
            leave();
            outlet.end();
        }
    }

    /// The client's stream as each of its parts sees it.
    private abstract class SharedOutlet implements EventOutlet {

        @Override
        public boolean writable() {
            return !over && outlet.writable();
        }

        @Override
        public long bytesWaiting() {
            return outlet.bytesWaiting();
        }

        /// The pod stops: the client comes back elsewhere with all its sessions.
        @Override
        public void end() {
            Bundle.this.end();
        }

        /// A client that does not read reads none of its sessions.
        @Override
        public void abort() {
            outlet.abort();
        }
    }

    /// One session's part of the stream.
    private final class Lane extends SharedOutlet {

        private final SessionId session;

        /// Its place in the client's list.
        private final int index;

        private @Nullable Subscriber subscriber;

        Lane(SessionId session, int index) {
            this.session = session;
            this.index = index;
        }

        private void drained() {
            if (subscriber != null) {
                subscriber.drained();
            }
        }

        private void leave() {
            if (subscriber != null) {
                subscriber.leave();
            }
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // this very ping, which has no session
        public void write(byte[] bytes) {
            if (over) {
                return;
            }
            if (named != this && bytes != LocalEvents.PING) {
                named = this;
                outlet.write(LocalEvents.session(session, index));
            }
            outlet.write(bytes);
        }

        @Override
        public void refuse(byte[] event) {
            write(event);
            lanes.remove(this);
            if (lanes.isEmpty() && list == null) {
                Bundle.this.end();
            }
        }
    }

    /// The list's part of the stream: its events have no session and do not change the named one.
    private final class ListLane extends SharedOutlet {

        @Override
        public void write(byte[] bytes) {
            if (!over) {
                outlet.write(bytes);
            }
        }
    }
}
