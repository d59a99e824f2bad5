package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.log.LogReader;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.SessionId;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// The log of one session, as a gateway sees it.
final class ModelLog implements LogReader {

    private static final int MOST_READ_BYTES = 256 * 1024;

    final Replies replies = new Replies();
    private final List<Entry> entries = new ArrayList<>();
    private @Nullable EntryId start;
    private long generation = 1;
    private int trimmed;
    private int reads;
    private int tails;

    /// The session begins when a user names it.
    void begin() {
        if (start == null) {
            start = EntryId.start(generation);
        }
    }

    Entry append(EventName event, String data) {
        begin();
        byte[] bytes = data.getBytes(StandardCharsets.UTF_8);
        Entry entry = new Entry(end().next(event, bytes), event, bytes);
        entries.add(entry);
        return entry;
    }

    EntryId end() {
        if (start == null) {
            throw new IllegalStateException("there is no log");
        }
        return entries.isEmpty() ? start : entries.getLast().id();
    }

    EntryId idOf(int number) {
        return number == 0 ? EntryId.start(generation) : entries.get(number - 1).id();
    }

    List<Entry> entries() {
        return List.copyOf(entries);
    }

    /// Redis restarts with an older state.
    void rollBackTo(int number) {
        entries.subList(number, entries.size()).clear();
    }

    /// Redis restarts empty.
    void lose() {
        entries.clear();
        start = null;
        trimmed = 0;
        generation++;
    }

    /// Removes the entries up to this number.
    void trimTo(int number) {
        trimmed = number;
    }

    int reads() {
        return reads;
    }

    int tails() {
        return tails;
    }

    @Override
    public CompletionStage<Slice> read(SessionId session, EntryId after, int most) {
        reads++;
        return replies.of(slice(after, most));
    }

    private Slice slice(EntryId after, int most) {
        if (start == null) {
            return new Slice.None();
        }
        if (after.generation() != generation) {
            return new Slice.Lost("other_generation", end());
        }
        if (after.number() > entries.size()) {
            return new Slice.Lost("rolled_back", end());
        }
        if (after.number() <= trimmed && trimmed > 0) {
            return new Slice.Lost("trimmed", end());
        }
        if (!idOf((int) after.number()).equals(after)) {
            return new Slice.Lost("rolled_back", end());
        }
        List<Entry> found = new ArrayList<>();
        int bytes = 0;
        for (int i = (int) after.number(); i < entries.size() && found.size() < most; i++) {
            bytes += entries.get(i).data().length;
            if (bytes > MOST_READ_BYTES && !found.isEmpty()) {
                break;
            }
            found.add(entries.get(i));
        }
        return new Slice.Entries(found, end());
    }

    @Override
    public CompletionStage<Optional<EntryId>> tail(SessionId session) {
        tails++;
        return replies.of(start == null ? Optional.empty() : Optional.of(end()));
    }
}
