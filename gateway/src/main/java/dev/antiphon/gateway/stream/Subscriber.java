package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.Attach.Attached;
import dev.antiphon.gateway.stream.Counters.Count;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// One connection: a cursor, not a queue. Whenever its client can take more it is written everything that follows the
/// cursor, in one write: from the feed's frames, or from the log when it is further behind. So replay, live, a slow
/// reader and one of many tabs are the same thing, and each costs one write's bytes.
///
/// All methods are called on the loop.
public final class Subscriber {

    /// How long to leave a log alone that could not be read.
    static final long RETRY_AFTER = Duration.ofSeconds(1).toNanos();

    /// Beginning again is expensive for the client, and for us because it brings history.
    static final long RESYNC_AT_MOST_EVERY = Duration.ofSeconds(10).toNanos();

    private enum State {
        ATTACHING,
        ATTACHED,

        /// Redis was unavailable when the client came. The stream is open and shows nothing of the session until Redis
        /// has said whose it is.
        UNCONFIRMED,
        STREAMING,
        LEFT
    }

    private final Feed feed;
    private final UserId user;
    private final ConnectionId connection;
    private final Cursor from;
    private final Surroundings around;
    private final Runnable onLeave;

    private State state = State.ATTACHING;
    private boolean registered;
    private @Nullable Outlet outlet;

    /// Everything up to here was written.
    private EntryId cursor = EntryId.start(1);

    /// Answers that ended while nobody was here, until this client has got past `unseenUntil`.
    private @Nullable Long unseen;

    private EntryId unseenUntil = cursor;

    /// The client has been given a place, or came with one: it must be told when that place is lost.
    private boolean placed;

    /// A call to Redis is under way whose answer decides what is written next.
    private boolean asking;

    /// The feed's epoch in which the log confirmed the cursor; -1 for none.
    private int confirmedIn = -1;

    /// The log had nothing after the cursor when it was last read.
    private boolean atLogsEnd;

    private long notBefore;
    private long resyncAllowedAt;
    private final Pulse pulse;

    /// @param onLeave called once, when it has left
    Subscriber(
            Feed feed,
            UserId user,
            ConnectionId connection,
            Cursor from,
            Surroundings around,
            Runnable onLeave) {
        this.feed = feed;
        this.user = user;
        this.connection = connection;
        this.from = from;
        this.around = around;
        this.onLeave = onLeave;
        long now = around.loop().nanoTime();
        this.notBefore = now;
        this.resyncAllowedAt = now;
        this.pulse = new Pulse(now);
        this.registered = feed.watchers().join(this);
    }

    public ConnectionId connection() {
        return connection;
    }

    boolean isRegistered() {
        return registered && state != State.LEFT && state != State.UNCONFIRMED;
    }

    boolean hasLeft() {
        return state == State.LEFT;
    }

    /// Takes a free place among the registered ones.
    ///
    /// @return false when it has one, or is not attached yet
    boolean becomeRegistered() {
        return switch (state) {
            case ATTACHING, UNCONFIRMED, LEFT -> false;
            case ATTACHED, STREAMING -> {
                boolean became = !registered;
                registered = true;
                yield became;
            }
        };
    }

    // Coming and going

    void attached(Attached attached) {
        state = State.ATTACHED;
        remember(attached);
        if (from instanceof Cursor.At(EntryId last)) {
            placed = true;
            cursor = last;
        } else {
            cursor = attached.start();
        }
    }

    private void remember(Attached attached) {
        feed.attached(attached);
        unseen = attached.unseen().isPresent() ? attached.unseen().getAsLong() : null;
        unseenUntil = attached.tail();
    }

    /// The attach failed because Redis is unavailable. The stream begins all the same: an `EventSource` that gets an error
    /// status never tries again. `connected` comes when the connection is registered, because from that event on a client
    /// misses nothing.
    void unconfirmed() {
        state = State.UNCONFIRMED;
        notBefore = around.loop().nanoTime() + RETRY_AFTER;
    }

    /// Begins the stream. Called once, after {@link Opened.Ready}.
    public void start(Outlet outlet) {
        if (state == State.LEFT) {
            return;
        }
        this.outlet = outlet;
        pulse.begin(around.loop().nanoTime());
        if (state == State.UNCONFIRMED) {
            write(pulse.tell(Standing.REDIS_AWAY, around.loop().nanoTime(), around.counters()));
        } else {
            begin();
        }
    }

    private void begin() {
        state = State.STREAMING;
        write(LocalEvents.connected(connection, feed.session()));
        if (from instanceof Cursor.Unknown) {
            resync("unknown_cursor");
        } else {
            pump();
        }
    }

    /// Asks again whether the session is this user's.
    private void confirm() {
        asking = true;
        around.calls()
                .ask(
                        () ->
                                around.registry()
                                        .attach(feed.session(), user, connection, registered),
                        this::confirmed,
                        _ -> {
                            asking = false;
                            around.counters().add(Count.REGISTRY_FAILED);
                            notBefore = around.loop().nanoTime() + RETRY_AFTER;
                        });
    }

    private void confirmed(Attach answer) {
        asking = false;
        if (state == State.LEFT) {
            leaveAgain();
            return;
        }
        switch (answer) {
            case Attached attached -> {
                attached(attached);
                begin();
            }
            case Attach.Foreign() -> refuse();
        }
    }

    /// The client is gone. Doing so twice is fine.
    public void leave() {
        if (state == State.LEFT) {
            return;
        }
        boolean attaching = state == State.ATTACHING;
        state = State.LEFT;
        if (!attaching) {
            // Else the answer of the attach does this:
            // taken out before it is put in, it would stay in.
            depart();
        }
    }

    void depart() {
        state = State.LEFT;
        feed.watchers().leave(this, registered);
        onLeave.run();
    }

    /// Ends the stream from our side.
    void close() {
        pump();
        if (outlet != null) {
            outlet.end();
        }
        leave();
    }

    /// The session is another user's. The client is told and the stream ends.
    private void refuse() {
        if (outlet != null) {
            outlet.refuse(LocalEvents.refused(feed.session(), ErrorCode.SESSION_NOT_FOUND));
        }
        leave();
    }

    // Writing

    /// The outlet can take more.
    public void drained() {
        pump();
    }

    /// Writes whatever can be written now.
    void pump() {
        while (isReady()) {
            if (feed.covers(cursor)) {
                confirmSeen();
                Frame next = feed.after(cursor);
                if (next == null) {
                    return;
                }
                write(next);
            } else if (feedFollows()) {
                return;
            } else {
                read();
            }
        }
    }

    /// The log has this client's place, and the feed is about to find out where it is itself: then everyone is woken.
    private boolean feedFollows() {
        return confirmedIn == feed.epoch()
                && feed.isReading()
                && (atLogsEnd || feed.isBeyond(cursor));
    }

    private boolean isReady() {
        return state == State.STREAMING
                && !asking
                && outlet != null
                && outlet.writable()
                && around.loop().nanoTime() - notBefore >= 0;
    }

    private void write(Frame frame) {
        placed = true;
        cursor = frame.last();
        write(frame.bytes());
    }

    private void write(byte[] bytes) {
        if (outlet != null) {
            outlet.write(bytes);
        }
    }

    /// What was written has left, so an answer that nobody had seen now was.
    private void confirmSeen() {
        Long seen = unseen;
        if (seen != null && cursor.number() >= unseenUntil.number()) {
            unseen = null;
            around.calls()
                    .ask(
                            () -> around.registry().seen(feed.session(), seen),
                            _ -> {},
                            // The next reader without an id sees it again: better than never.
                            _ -> around.counters().add(Count.REGISTRY_FAILED));
        }
    }

    // Reading the log

    private void read() {
        asking = true;
        int epoch = feed.epoch();
        EntryId after = cursor;
        around.reads()
                .ask(
                        () ->
                                around.log()
                                        .read(feed.session(), after, Surroundings.ENTRIES_PER_READ),
                        slice -> {
                            asking = false;
                            haveRead(epoch, after, slice);
                        },
                        _ -> {
                            asking = false;
                            around.counters().add(Count.READ_FAILED);
                            notBefore = around.loop().nanoTime() + RETRY_AFTER;
                        });
    }

    private void haveRead(int epoch, EntryId after, Slice slice) {
        if (state != State.STREAMING) {
            return;
        }
        switch (slice) {
            case Slice.Entries(List<Entry> entries, EntryId logTail) -> {
                confirmedIn = epoch;
                atLogsEnd = entries.isEmpty();
                if (outlet != null && outlet.writable()) {
                    writeAll(entries);
                } // else another session of its stream has written meanwhile: they are read again
                feed.learn(after, entries, logTail);
                if (atLogsEnd && !feed.covers(cursor)) {
                    // By the log this is where it ends, and the feed thinks otherwise.
                    feed.doubt();
                }
                feed.flush();
            }
            case Slice.Lost(String reason, _) -> beginAgain(reason);
            case Slice.None() -> beginAgain(feed.goneBecause());
        }
    }

    /// Writes as much as the client takes now. The rest is read again when it takes more: keeping it would cost memory
    /// for exactly those clients that are slow.
    private void writeAll(List<Entry> entries) {
        List<Frame> batch = new ArrayList<>();
        int bytes = 0;
        for (Entry entry : entries) {
            Frame next = Frame.of(entry);
            if (bytes + next.bytes().length > FrameRing.MOST_BYTES_AT_ONCE && !batch.isEmpty()) {
                write(Frame.join(batch));
                if (outlet == null || !outlet.writable() || state != State.STREAMING) {
                    return;
                }
                batch.clear();
                bytes = 0;
            }
            batch.add(next);
            bytes += next.bytes().length;
        }
        if (!batch.isEmpty()) {
            write(Frame.join(batch));
        }
    }

    /// The log does not hold this client's place any more: it goes on as a reader without an id does, so that nothing
    /// in flight is lost. Attaching again tells where that is, and begins the log again when all of it is gone.
    private void beginAgain(String reason) {
        long now = around.loop().nanoTime();
        if (now - resyncAllowedAt < 0) {
            notBefore = resyncAllowedAt;
            return;
        }
        asking = true;
        around.calls()
                .ask(
                        () ->
                                around.registry()
                                        .attach(feed.session(), user, connection, registered),
                        answer -> {
                            asking = false;
                            reattached(reason, answer);
                        },
                        _ -> {
                            asking = false;
                            around.counters().add(Count.REGISTRY_FAILED);
                            notBefore = around.loop().nanoTime() + RETRY_AFTER;
                        });
    }

    private void reattached(String reason, Attach answer) {
        if (state != State.STREAMING) {
            leaveAgain();
            return;
        }
        switch (answer) {
            case Attached attached -> {
                remember(attached);
                cursor = attached.start();
                if (placed || attached.tail().number() > 0) {
                    // A client without a place, too: it was connected when this log's entries came,
                    // and another reader
                    // may already have taken those that had ended unseen.
                    resync(reason);
                } else {
                    pump();
                }
            }
            // The log was lost and somebody else has begun it.
            case Attach.Foreign() -> refuse();
        }
    }

    /// It left while the registry was asked to add it.
    private void leaveAgain() {
        if (registered) {
            around.departures().leave(feed.session(), connection);
        }
    }

    /// Gives the client what was said so far and goes on behind that. When the history cannot be had, the client keeps
    /// what it has and goes on as a reader without an id.
    private void resync(String reason) {
        asking = true;
        around.reads()
                .ask(
                        () -> around.history().newest(feed.session(), user),
                        recent -> {
                            asking = false;
                            writeResync(reason, recent.orElseGet(() -> nothing(cursor)));
                        },
                        _ -> {
                            asking = false;
                            around.counters().add(Count.READ_FAILED);
                            writeResync(reason, nothing(cursor));
                        });
    }

    private static Recent nothing(EntryId cursor) {
        return new Recent(List.of(), cursor);
    }

    private void writeResync(String reason, Recent recent) {
        if (state != State.STREAMING) {
            return;
        }
        placed = true;
        cursor = recent.cursor();
        around.counters().add(Count.RESYNC);
        resyncAllowedAt = around.loop().nanoTime() + RESYNC_AT_MOST_EVERY;
        write(LocalEvents.resync(reason, recent));
        pump();
    }

    // What happens by time

    void tick(long now, Standing standing) {
        boolean unconfirmed = state == State.UNCONFIRMED;
        if (!(unconfirmed || state == State.STREAMING) || outlet == null) {
            return;
        }
        if (outlet.writable()) {
            Standing told = unconfirmed ? Standing.REDIS_AWAY : standing;
            byte[] due = pulse.due(now, told, around.counters());
            if (due != null) {
                write(due);
            }
            if (!unconfirmed) {
                pump();
            } else if (!asking && now - notBefore >= 0 && standing != Standing.REDIS_AWAY) {
                confirm();
            }
        } else if (pulse.isStalled(now, outlet.bytesWaiting())) {
            around.counters().add(Count.SLOW_CLOSED);
            outlet.abort();
            leave();
        }
    }
}
