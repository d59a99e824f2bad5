package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// One or several entries as the bytes for browsers, encoded once for all of them.
///
/// @param last the id of the last entry; a client that has these bytes has everything up to it
@SuppressWarnings("ArrayRecordComponent") // shared by all readers, never compared
record Frame(EntryId last, byte[] bytes) {

    static Frame of(Entry entry) {
        return new Frame(entry.id(), entry.frame());
    }

    /// Joins entries into frames of at most `most` bytes, unless a single entry is larger, and passes them on one by
    /// one until `take` returns false.
    static void joinAll(List<Entry> entries, int most, Predicate<Frame> take) {
        List<Frame> batch = new ArrayList<>();
        int bytes = 0;
        for (Entry entry : entries) {
            Frame next = of(entry);
            if (bytes + next.bytes.length > most && !batch.isEmpty()) {
                if (!take.test(join(batch))) {
                    return;
                }
                batch.clear();
                bytes = 0;
            }
            batch.add(next);
            bytes += next.bytes.length;
        }
        if (!batch.isEmpty()) {
            var _ = take.test(join(batch));
        }
    }

    /// Joins consecutive frames into one, for one write.
    static Frame join(List<Frame> frames) {
        if (frames.size() == 1) {
            return frames.getFirst();
        }
        int length = 0;
        for (Frame frame : frames) {
            length += frame.bytes.length;
        }
        byte[] joined = new byte[length];
        int at = 0;
        for (Frame frame : frames) {
            System.arraycopy(frame.bytes, 0, joined, at, frame.bytes.length);
            at += frame.bytes.length;
        }
        return new Frame(frames.getLast().last, joined);
    }
}
