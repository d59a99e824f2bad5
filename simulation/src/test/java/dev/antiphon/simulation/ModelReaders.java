package dev.antiphon.simulation;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.log.Slice;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.simulation.ModelSession.Run;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongSupplier;

/// Connections, and what they read: `read.lua`, `attach.lua`, `seen.lua` and the rest of the registry.
abstract class ModelReaders extends ModelRecovery {

    ModelReaders(LongSupplier clock, LongSupplier generations, int keepEntries) {
        super(clock, generations, keepEntries);
    }

    // read.lua, tail

    Slice read(SessionId id, EntryId after, int most) {
        ModelSession session = meta(id);
        if (session == null) {
            return new Slice.None();
        }
        EntryId tail = session.tail();
        if (after.generation() != tail.generation()) {
            return new Slice.Lost("other_generation", tail);
        }
        if (after.number() > tail.number()) {
            return new Slice.Lost("rolled_back", tail);
        }
        EntryId place = session.idOf(after.number());
        boolean lacksBeginning =
                session.trimmed > 0 || (!session.hasLog && !session.entries.isEmpty());
        if (place == null || (after.number() == 0 && lacksBeginning)) {
            return new Slice.Lost("trimmed", tail);
        }
        if (after.number() > 0 && !place.equals(after)) {
            return new Slice.Lost("rolled_back", tail);
        }
        List<Entry> found = new ArrayList<>();
        int bytes = 0;
        for (int i = (int) after.number(); i < session.entries.size() && found.size() < most; i++) {
            bytes += session.entries.get(i).data().length;
            if (bytes > Policy.MOST_READ_BYTES && !found.isEmpty()) {
                break;
            }
            found.add(session.entries.get(i));
        }
        return new Slice.Entries(found, tail);
    }

    Optional<EntryId> tail(SessionId id) {
        return Optional.ofNullable(meta(id)).map(ModelSession::tail);
    }

    // attach.lua, seen.lua and the rest of the registry

    Attach attach(SessionId id, UserId user, Member member, boolean register) {
        if (isForeign(sessions.get(id), user)) {
            return new Attach.Foreign();
        }
        ModelSession session = begin(id, user, false);
        if (register) {
            refresh(id, member);
        }
        EntryId tail = session.tail();
        EntryId start = tail;
        for (long each : starts(session)) {
            EntryId place = followed(session, each);
            if (place != null) {
                start = place;
                break;
            }
        }
        return new Attach.Attached(
                tail,
                start,
                session.unseen == null ? OptionalLong.empty() : OptionalLong.of(session.unseenEnd));
    }

    private static List<Long> starts(ModelSession session) {
        List<Long> starts = new ArrayList<>();
        if (session.unseen != null) {
            starts.add(session.unseen);
        }
        if (!session.waiting.isEmpty()) {
            Run oldest = session.run(session.waiting.firstEntry().getValue());
            starts.add(Math.max(session.ended, oldest.asked - 1));
        }
        starts.sort(null);
        return starts;
    }

    /// The position after an entry, if the log holds the following entries.
    private static @Nullable EntryId followed(ModelSession session, long number) {
        return number == 0 && session.trimmed > 0 ? null : session.idOf(number);
    }

    void detach(SessionId id, Member member) {
        Set<Member> set = members.get(id);
        if (set != null) {
            set.remove(member);
        }
    }

    void refresh(SessionId id, Member member) {
        members.computeIfAbsent(id, _ -> new LinkedHashSet<>()).add(member);
    }

    void seen(SessionId id, long upTo) {
        ModelSession session = meta(id);
        if (session == null || session.unseen == null) {
            return;
        }
        if (session.unseenEnd <= upTo) {
            session.unseen = null;
        } else {
            session.unseen = Math.max(session.unseen, upTo);
        }
    }

    void purge(PodId pod) {
        members.values().forEach(set -> set.removeIf(member -> member.pod().equals(pod)));
    }
}
