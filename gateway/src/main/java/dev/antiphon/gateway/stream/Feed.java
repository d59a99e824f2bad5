package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.registry.Attach.Attached;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// One session's live entries in this pod, for as long as a client watches.
///
/// Rings say that entries were appended; they can be lost, doubled, late or stale. A ring is taken only when its entry
/// continues our end of the log by number and hash. Anything else is a reason to read the log, which is always right.
/// So the frames here are a gapless piece of the log whatever happens to rings.
final class Feed {

    /// Frames are kept this long after the last entry: readers that need them later read the log.
    static final long KEEP_FRAMES = Duration.ofSeconds(10).toNanos();

    private final SessionId session;
    private final PodServices services;
    private final Watchers watchers;
    private final EarlyEntries early = new EarlyEntries();

    /// Our end of the log and the entries before it. Null until the first connection is attached, and after the loss of
    /// the log until a connection begins it again.
    private @Nullable FrameRing ring;

    /// Counts how often the log turned out to be a different one.
    private int epoch;

    private boolean reading;

    // Rings that arrived during a read and that the read cannot have included.
    private boolean doubtful;
    private boolean earlyGrew;

    /// A notice reported that the session was erased, and no entry has arrived since.
    private boolean erased;

    private boolean polling;
    private boolean pollAgain;
    private final PollPace pace;

    Feed(SessionId session, PodServices services) {
        this.session = session;
        this.services = services;
        this.watchers = new Watchers(session, services);
        this.pace = new PollPace(services.loop().nanoTime());
    }

    SessionId session() {
        return session;
    }

    Watchers watchers() {
        return watchers;
    }

    boolean holdsFrames() {
        return ring != null && !ring.isEmpty();
    }

    // For its subscribers

    int epoch() {
        return epoch;
    }

    /// Whether the entries after this place are here.
    boolean covers(EntryId place) {
        return ring != null && ring.covers(place);
    }

    /// Whether this place is beyond our end of the log.
    boolean isBeyond(EntryId place) {
        return ring != null && place.number() > ring.tail().number();
    }

    /// Whether it is about to learn the end of the log.
    boolean isReading() {
        return reading;
    }

    /// The entries after a covered place, for one write; null when there are none yet.
    @Nullable Frame after(EntryId place) {
        if (ring == null) {
            throw new IllegalStateException(place + " is not covered");
        }
        return ring.after(place);
    }

    /// The reason for the missing log, in the form for clients.
    String goneBecause() {
        return erased ? "deleted" : "no_log";
    }

    // Input

    /// A connection of this feed was attached: rings arrive from now on, and this is where the log ended.
    void attached(Attached attached) {
        if (ring == null) {
            ring = new FrameRing(attached.tail());
            pace.begins(
                    attached.start().number() < attached.tail().number(),
                    services.loop().nanoTime());
            takeEarly(ring);
            if (!early.isEmpty()) {
                repair();
            }
        } else if (isAhead(attached.tail(), ring)) {
            repair();
        }
    }

    /// The end of the log has become known.
    void endsAt(EntryId tail) {
        if (ring != null && isAhead(tail, ring)) {
            repair();
        }
    }

    /// The session was erased. The log decides whether it is true.
    void erased() {
        erased = true;
        doubt();
    }

    /// An entry was rung.
    ///
    /// @return whether the subscribers have something to write
    boolean rang(Entry entry) {
        if (ring == null) {
            keepEarly(entry);
            return false;
        }
        EntryId tail = ring.tail();
        boolean sameLog = entry.id().generation() == tail.generation();
        if (sameLog && entry.id().number() <= tail.number()) {
            if (ring.contradicts(entry.id())) {
                doubt();
            } else {
                services.counters().add(StreamCount.RING_DOUBLE);
            }
            return false;
        }
        if (sameLog && entry.id().number() > tail.number() + 1) {
            services.counters().add(StreamCount.GAP);
            keepEarly(entry);
            repair();
            return false;
        }
        if (!continues(tail, entry)) {
            doubt();
            return false;
        }
        take(ring, entry);
        takeEarly(ring);
        return true;
    }

    /// Takes the entries after our end from a read of the log.
    ///
    /// @param from the place where the read began
    /// @param logTail the end of the log at that time
    void learn(EntryId from, List<Entry> entries, EntryId logTail) {
        if (ring == null) {
            return;
        }
        EntryId before = from;
        for (Entry entry : entries) {
            // No hash to compute: the log itself says that this entry follows that place.
            if (before.equals(ring.tail())) {
                take(ring, entry);
            }
            before = entry.id();
        }
        takeEarly(ring);
        if (isAhead(logTail, ring)) {
            repair();
        }
    }

    private void keepEarly(Entry entry) {
        earlyGrew = true;
        if (!early.keep(entry)) {
            services.counters().add(StreamCount.EARLY_DROPPED);
        }
    }

    private void takeEarly(FrameRing ring) {
        Entry next = early.take(ring.tail().number() + 1);
        while (next != null && continues(ring.tail(), next)) {
            take(ring, next);
            next = early.take(ring.tail().number() + 1);
        }
        if (next != null) {
            doubt();
        }
    }

    private static boolean continues(EntryId tail, Entry entry) {
        return tail.next(entry.event(), entry.data()).equals(entry.id());
    }

    private void take(FrameRing ring, Entry entry) {
        erased = false;
        ring.add(Frame.of(entry));
        pace.heard(entry.event(), services.loop().nanoTime());
    }

    /// Lets all subscribers write. Called once after all rings of a batch were taken.
    void flush() {
        watchers.flush();
    }

    // Reading the log

    /// Something does not fit our entries: either it is not the log's, or our end of the log is gone.
    void doubt() {
        services.counters().add(StreamCount.MISMATCH);
        doubtful = true;
        repair();
    }

    private static boolean isAhead(EntryId found, FrameRing ring) {
        return found.generation() != ring.tail().generation()
                || found.number() > ring.tail().number();
    }

    /// Reads the entries after our end of the log. One read is in progress at a time; later rings are handled after it.
    private void repair() {
        if (reading || ring == null) {
            return;
        }
        reading = true;
        doubtful = false;
        earlyGrew = false;
        services.counters().add(StreamCount.REPAIR);
        EntryId from = ring.tail();
        services.reads()
                .ask(
                        () -> services.log().read(session, from, PodServices.ENTRIES_PER_READ),
                        slice -> repaired(from, slice),
                        _ -> {
                            // The poll notices within a second that we are still behind.
                            reading = false;
                            services.counters().add(StreamCount.READ_FAILED);
                        });
    }

    private void repaired(EntryId from, Slice slice) {
        reading = false;
        if (watchers.count() == 0) {
            return;
        }
        switch (slice) {
            case Slice.Entries(List<Entry> entries, EntryId logTail) -> {
                learn(from, entries, logTail);
                if (doubtful || (earlyGrew && !early.isEmpty())) {
                    repair();
                } else if (!reading) {
                    // Rung before the read and yet not in the log: rolled back.
                    early.clear();
                }
            }
            case Slice.Lost(_, EntryId logTail) -> restart(new FrameRing(logTail));
            case Slice.None() -> restart(null);
        }
        flush();
    }

    /// The log is a different one. Each subscriber finds out for itself whether its own place is lost.
    private void restart(@Nullable FrameRing at) {
        ring = at;
        epoch++;
        early.clear();
    }

    // Timers

    void tick(long now, PodStatus status) {
        watchers.tick(now, status);
        if (pace.isPollDue(now, status)) {
            poll();
        }
        if (ring != null && !ring.isEmpty() && pace.silence(now) >= KEEP_FRAMES) {
            ring.clear();
        }
    }

    /// Asks for the end of the log, because rings might have been lost.
    void poll() {
        if (ring == null) {
            return;
        }
        if (polling) {
            pollAgain = true; // the present answer might be from before the loss
            return;
        }
        polling = true;
        pollAgain = false;
        pace.polled(services.loop().nanoTime());
        EntryId asked = ring.tail();
        services.calls()
                .ask(
                        () -> services.log().tail(session),
                        found -> {
                            polling = false;
                            polled(asked, found);
                            if (pollAgain) {
                                poll();
                            }
                        },
                        _ -> {
                            polling = false;
                            services.counters().add(StreamCount.READ_FAILED);
                        });
    }

    /// Compares the log's end with ours.
    ///
    /// @param asked our end when the question was sent; rings might have moved it since
    private void polled(EntryId asked, Optional<EntryId> found) {
        if (ring == null) {
            return;
        }
        if (found.isEmpty() || isAhead(found.get(), ring)) {
            services.counters().add(StreamCount.POLL_FOUND);
            repair();
            // No ring arrived: perhaps no worker knows that we are here.
            watchers.refresh();
        } else if (found.get().number() < asked.number() || ring.contradicts(found.get())) {
            doubt();
        }
    }
}
