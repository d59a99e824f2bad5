package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.EntryId;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The end of one session's log as this pod knows it: the id of its last entry, and the last entries as encoded frames
/// without gaps. When it is full, the oldest frame is removed; a reader that needs it reads the log.
final class FrameRing {

    /// At 10 chunks a second a reader can be 25 s behind before it must read the log.
    static final int MOST_FRAMES = 256;

    /// Twice the size of 256 ordinary chunks. The newest frame stays even when it alone is larger.
    static final int MOST_BYTES = 128 * 1024;

    /// The maximum size of one write, unless a single frame is larger: also the maximum cost of one stalled reader.
    static final int MOST_BYTES_AT_ONCE = 64 * 1024;

    private static final int FIRST_SLOTS = 16;

    private @Nullable Frame[] slots = new Frame[0];
    private int head;
    private int size;
    private int bytes;

    /// The place before the oldest frame.
    private EntryId base;

    private EntryId tail;

    // The last join: the readers of a session are usually at the same place.
    private @Nullable EntryId joinedAfter;
    private @Nullable Frame joined;

    FrameRing(EntryId tail) {
        this.base = tail;
        this.tail = tail;
    }

    /// The last entry; the next one must continue it.
    EntryId tail() {
        return tail;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /// Adds the entry that follows the tail.
    void add(Frame frame) {
        if (frame.last().number() != tail.number() + 1) {
            throw new IllegalArgumentException(frame.last() + " does not follow " + tail);
        }
        while (size == MOST_FRAMES || (size > 0 && bytes + frame.bytes().length > MOST_BYTES)) {
            dropOldest();
        }
        if (size == slots.length) {
            grow();
        }
        slots[slot(size)] = frame;
        size++;
        bytes += frame.bytes().length;
        tail = frame.last();
        joinedAfter = null;
        joined = null;
    }

    /// Whether this very place is the tail or directly before one of the frames. False for a place of the same number
    /// with another hash: its reader has read a different log.
    boolean covers(EntryId place) {
        long index = place.number() - base.number();
        if (index < 0 || index > size) {
            return false;
        }
        return place.equals(index == 0 ? base : frame((int) index - 1).last());
    }

    /// Whether an entry with this id cannot be in the same log as the frames.
    boolean contradicts(EntryId id) {
        long index = id.number() - base.number();
        return id.generation() != tail.generation() || (index >= 0 && index <= size && !covers(id));
    }

    /// The entries after a covered place, joined for one write; null at the tail.
    @Nullable Frame after(EntryId place) {
        int from = (int) (place.number() - base.number());
        if (from == size) {
            return null;
        }
        if (place.equals(joinedAfter)) {
            return joined;
        }
        List<Frame> frames = new ArrayList<>(size - from);
        int length = 0;
        for (int i = from; i < size; i++) {
            Frame next = frame(i);
            length += next.bytes().length;
            if (length > MOST_BYTES_AT_ONCE && i > from) {
                break;
            }
            frames.add(next);
        }
        joinedAfter = place;
        joined = Frame.join(frames);
        return joined;
    }

    /// Drops the frames and keeps the tail: an idle session costs nothing.
    void clear() {
        restart(tail);
    }

    /// Begins again at another place.
    void restart(EntryId at) {
        slots = new Frame[0];
        head = 0;
        size = 0;
        bytes = 0;
        base = at;
        tail = at;
        joinedAfter = null;
        joined = null;
    }

    private void dropOldest() {
        Frame oldest = frame(0);
        slots[head] = null;
        head = (head + 1) % slots.length;
        size--;
        bytes -= oldest.bytes().length;
        base = oldest.last();
    }

    private void grow() {
        @Nullable Frame[] larger =
                new Frame
                        [slots.length == 0 ? FIRST_SLOTS : Math.min(slots.length * 2, MOST_FRAMES)];
        for (int i = 0; i < size; i++) {
            larger[i] = slots[slot(i)];
        }
        slots = larger;
        head = 0;
    }

    private Frame frame(int index) {
        Frame frame = slots[slot(index)];
        if (frame == null) {
            throw new IllegalStateException(
                    index + " of " + size + " in " + Arrays.toString(slots));
        }
        return frame;
    }

    private int slot(int index) {
        return (head + index) % slots.length;
    }
}
