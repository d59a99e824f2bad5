package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;

import java.util.List;

/// One or several entries as the bytes for browsers, encoded once for all of them.
///
/// @param last the id of the last entry; a client that has these bytes has everything up to it
@SuppressWarnings("ArrayRecordComponent") // shared by all readers, never compared
record Frame(EntryId last, byte[] bytes) {

    static Frame of(Entry entry) {
        return new Frame(entry.id(), entry.frame());
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
