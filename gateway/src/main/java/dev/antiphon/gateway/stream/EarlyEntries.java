package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.Entry;

import org.jspecify.annotations.Nullable;

import java.util.TreeMap;

/// Entries of one session that arrived before one that must come first, by number. Bounded; an entry that does not fit
/// is dropped, because the present or the next read of the log brings it.
final class EarlyEntries {

    /// A read fills a gap within milliseconds; a second's worth of chunks is plenty.
    static final int MOST = 64;

    static final int MOST_BYTES = 256 * 1024;

    private final TreeMap<Long, Entry> entries = new TreeMap<>();
    private int bytes;

    /// Keeps an entry until its turn.
    ///
    /// @return false when it did not fit
    boolean keep(Entry entry) {
        if (entries.containsKey(entry.id().number())) {
            return true;
        }
        if (entries.size() == MOST || bytes + entry.data().length > MOST_BYTES) {
            return false;
        }
        entries.put(entry.id().number(), entry);
        bytes += entry.data().length;
        return true;
    }

    /// Removes and returns the entry of this number, and forgets earlier ones; null when it is missing.
    @Nullable Entry take(long number) {
        while (!entries.isEmpty() && entries.firstKey() < number) {
            bytes -= entries.pollFirstEntry().getValue().data().length;
        }
        Entry entry = entries.remove(number);
        if (entry != null) {
            bytes -= entry.data().length;
        }
        return entry;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    void clear() {
        entries.clear();
        bytes = 0;
    }
}
