package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.history.Recent;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.Attach.Attached;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// One connection: a cursor, not a queue. Whenever its client can take more, it gets everything after the cursor in one
/// write: from the feed's frames, or from the log when it is further behind. So replay, live, a slow reader and one of
/// many tabs are the same case, and each costs the bytes of one write.
///
/// All methods are called on the loop.
public final class Subscriber {

    /// How long to wait after a failed read of the log.
    static final long RETRY_AFTER = Duration.ofSeconds(1).toNanos();

    /// Beginning again is expensive for the client, and for us because it brings history.
    static final long RESYNC_AT_MOST_EVERY = Duration.ofSeconds(10).toNanos();

    private enum State {
        ATTACHING,
        ATTACHED,

        /// Redis was unavailable when the client came. The stream is open and shows nothing of the session until Redis
        /// has confirmed its owner.
        UNCONFIRMED,
        STREAMING,
        LEFT
    }

    private final Feed feed;
    private final UserId user;
    private final ConnectionId connection;
    private final Cursor from;
    private final PodServices services;
    private final Runnable onLeave;

    private State state = State.ATTACHING;
    private boolean registered;
    private @Nullable EventOutlet outlet;

    /// Everything up to here was written.
    private EntryId cursor = EntryId.start(1);

    private final UnseenAnswers unseen;

    /// The client got a place, or came with one: it must learn when that place is lost.
    private boolean placed;

    /// A call to Redis is in progress, and its answer decides the next write.
    private boolean asking;

    /// The feed's epoch in which the log confirmed the cursor; -1 for none.
    private int confirmedIn = -1;

    /// The log had nothing after the cursor at the last read.
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
            PodServices services,
            Runnable onLeave) {
        this.feed = feed;
        this.user = user;
        this.connection = connection;
        this.from = from;
        this.services = services;
        this.onLeave = onLeave;
        this.unseen = new UnseenAnswers(feed.session(), services);
        long now = services.loop().nanoTime();
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

    // Arrival and departure

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
        unseen.attached(attached);
    }

    /// The attach failed because Redis is unavailable. The stream begins anyway: an `EventSource` that gets an
    /// error status never retries. `connected` is sent when the connection is registered, because from that event on a
    /// client misses nothing.
    void unconfirmed() {
        state = State.UNCONFIRMED;
        notBefore = services.loop().nanoTime() + RETRY_AFTER;
    }

    /// Begins the stream. Called once, after {@link Opened.Ready}.
    public void start(EventOutlet outlet) {
        if (state == State.LEFT) {
            return;
        }
        this.outlet = outlet;
        pulse.begin(services.loop().nanoTime());
        if (state == State.UNCONFIRMED) {
            write(
                    pulse.announce(
                            PodStatus.REDIS_UNAVAILABLE,
                            services.loop().nanoTime(),
                            services.counters()));
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
        attachAgain(attached -> {
            attached(attached);
            begin();
        });
    }

    /// Attaches this connection again, and ends the stream when the session is another user's.
    private void attachAgain(Consumer<Attached> then) {
        ask(
                services.calls(),
                () -> services.registry().attach(feed.session(), user, connection, registered),
                answer -> {
                    switch (answer) {
                        case Attach _ when state == State.LEFT -> leaveAgain();
                        case Attached attached -> then.accept(attached);
                        case Attach.Foreign() -> refuse();
                    }
                },
                StreamCount.REGISTRY_FAILED);
    }

    /// It left while the registry was adding it.
    private void leaveAgain() {
        if (registered) {
            services.departures().leave(feed.session(), connection);
        }
    }

    /// Makes the call to Redis that decides the next write. After a failure, the next call waits.
    private <T> void ask(
            Gate gate, Supplier<CompletionStage<T>> call, Consumer<T> then, StreamCount failed) {
        asking = true;
        gate.ask(
                call,
                answer -> {
                    asking = false;
                    then.accept(answer);
                },
                _ -> {
                    asking = false;
                    services.counters().add(failed);
                    notBefore = services.loop().nanoTime() + RETRY_AFTER;
                });
    }

    /// The client is gone. A second call does nothing.
    public void leave() {
        if (state == State.LEFT) {
            return;
        }
        boolean attaching = state == State.ATTACHING;
        state = State.LEFT;
        if (!attaching) {
            // Otherwise the answer of the attach does this: a connection that is removed before it
            // is added would stay.
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

    /// The session is another user's. The client gets the reason and the stream ends.
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

    /// Writes all bytes that can be written now.
    void pump() {
        while (isReady()) {
            if (feed.covers(cursor)) {
                unseen.wereWritten(cursor);
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

    /// The log has this client's place, and the feed is about to find its own: then all subscribers are woken.
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
                && services.loop().nanoTime() - notBefore >= 0;
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

    // Reading the log

    private void read() {
        int epoch = feed.epoch();
        EntryId after = cursor;
        ask(
                services.reads(),
                () -> services.log().read(feed.session(), after, PodServices.ENTRIES_PER_READ),
                slice -> haveRead(epoch, after, slice),
                StreamCount.READ_FAILED);
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
                } // otherwise another session has written: read again later
                feed.learn(after, entries, logTail);
                if (atLogsEnd && !feed.covers(cursor)) {
                    // The log ends here, and the feed disagrees.
                    feed.doubt();
                }
                feed.flush();
            }
            case Slice.Lost(String reason, _) -> beginAgain(reason);
            case Slice.None() -> beginAgain(feed.goneBecause());
        }
    }

    /// Writes as much as the client takes now. The rest is read again when the client takes more: keeping it would cost
    /// memory for exactly the slow clients.
    private void writeAll(List<Entry> entries) {
        Frame.joinAll(
                entries,
                FrameRing.MOST_BYTES_AT_ONCE,
                frame -> {
                    write(frame);
                    return outlet != null && outlet.writable() && state == State.STREAMING;
                });
    }

    /// The log no longer holds this client's place: it continues as a reader without an id, so that nothing in progress
    /// is lost. Attaching again returns the new place, and begins the log again when all of it is gone.
    private void beginAgain(String reason) {
        long now = services.loop().nanoTime();
        if (now - resyncAllowedAt < 0) {
            notBefore = resyncAllowedAt;
            return;
        }
        attachAgain(attached -> reattached(reason, attached));
    }

    private void reattached(String reason, Attached attached) {
        remember(attached);
        cursor = attached.start();
        if (placed || attached.tail().number() > 0) {
            // Also for a client without a place: it was connected when this log's entries arrived,
            // and another reader might already have taken those that had ended unseen.
            resync(reason);
        } else {
            pump();
        }
    }

    /// Gives the client the conversation so far and continues behind that. When the history is unavailable, the client
    /// keeps its content and continues as a reader without an id.
    private void resync(String reason) {
        asking = true;
        services.reads()
                .ask(
                        () -> services.history().newest(feed.session(), user),
                        recent -> {
                            asking = false;
                            writeResync(reason, recent.orElseGet(() -> nothing(cursor)));
                        },
                        _ -> {
                            asking = false;
                            services.counters().add(StreamCount.READ_FAILED);
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
        services.counters().add(StreamCount.RESYNC);
        resyncAllowedAt = services.loop().nanoTime() + RESYNC_AT_MOST_EVERY;
        write(LocalEvents.resync(reason, recent));
        pump();
    }

    // Timers

    void tick(long now, PodStatus status) {
        boolean unconfirmed = state == State.UNCONFIRMED;
        if (!(unconfirmed || state == State.STREAMING) || outlet == null) {
            return;
        }
        if (outlet.writable()) {
            PodStatus announced = unconfirmed ? PodStatus.REDIS_UNAVAILABLE : status;
            byte[] due = pulse.due(now, announced, services.counters());
            if (due != null) {
                write(due);
            }
            if (!unconfirmed) {
                pump();
            } else if (!asking && now - notBefore >= 0 && status != PodStatus.REDIS_UNAVAILABLE) {
                confirm();
            }
        } else if (pulse.isStalled(now, outlet.bytesWaiting())) {
            services.counters().add(StreamCount.SLOW_CLOSED);
            outlet.abort();
            leave();
        }
    }
}
