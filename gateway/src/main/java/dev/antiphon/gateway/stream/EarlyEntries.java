package dev.antiphon.gateway.stream;

import dev.antiphon.protocol.Entry;

import org.jspecify.annotations.Nullable;

import java.util.TreeMap;

/// Entries of one session that came before one that must come first, by number. Bounded; what does not fit is dropped,
/// because the read of the log that is under way or the next one brings it.
final class EarlyEntries {

    /// A gap is filled by a read within milliseconds; a second's worth of chunks is plenty.
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

    /// Takes the entry of this number out and forgets those before it; null when it is not there.
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
