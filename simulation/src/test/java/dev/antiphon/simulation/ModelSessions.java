package dev.antiphon.simulation;

import dev.antiphon.backplane.Policy;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.simulation.ModelSession.Run;
import dev.antiphon.simulation.ModelSession.Status;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;

/// Who owns a session, and how its log begins: `owner.lua` and `begin` of `entries.lua`.
abstract class ModelSessions extends ModelKeys {

    ModelSessions(LongSupplier clock, LongSupplier generations, int keepEntries) {
        super(clock, generations, keepEntries);
    }

    /// What a session's own keys say; null when none of them exists.
    @Nullable UserId ownerOf(@Nullable ModelSession session) {
        if (session == null) {
            return null;
        } else if (session.owner != null) {
            return session.owner;
        } else if (!session.history.isEmpty()) {
            return session.historyOwner;
        }
        List<MessageId> messages = new ArrayList<>(session.waiting.values());
        messages.addAll(session.index.keySet());
        for (MessageId message : messages) {
            Run run = session.runs.get(message);
            if (run != null && run.request != null) {
                return run.request.userId();
            }
        }
        return null;
    }

    /// The fields next to the owner.
    static @Nullable String incarnationOf(ModelSession session) {
        if (session.owner != null) {
            return session.incarnation;
        } else if (!session.history.isEmpty()) {
            return session.historyIncarnation;
        }
        List<MessageId> messages = new ArrayList<>(session.waiting.values());
        messages.addAll(session.index.keySet());
        return messages.stream()
                .filter(session::hasRequest)
                .map(message -> session.run(message).incarnation)
                .findFirst()
                .orElse(null);
    }

    boolean isForeign(@Nullable ModelSession session, UserId user) {
        UserId owner = ownerOf(session);
        return owner != null && !owner.equals(user);
    }

    /// Whether all keys exist that the log's numbers depend on.
    boolean isWhole(ModelSession session) {
        return session.isWhole();
    }

    /// Begins the log of a session, or begins it again when a part of it is missing.
    ModelSession begin(SessionId id, UserId owner, boolean lost) {
        boolean known = sessions.containsKey(id);
        ModelSession session = sessions.computeIfAbsent(id, _ -> new ModelSession());
        if (!lost && isWhole(session)) {
            return session;
        }
        UserId before = ownerOf(session);
        if (!session.hasMeta && before == null) {
            session.turns.clear();
        }
        session.begin(
                owner,
                generations.getAsLong(),
                owner.equals(before) ? incarnationOf(session) : null);
        if (session.latest == null) {
            session.latest = session.turns.stream().reduce((_, last) -> last).orElse(null);
        }
        lineUp(id, session);
        if (known) {
            begunAgain();
        }
        return session;
    }

    void lineUp(SessionId id, ModelSession session) {
        Set<MessageId> found = new LinkedHashSet<>(session.waiting.values());
        session.index.forEach((message, unfinished) -> {
            if (unfinished) {
                found.add(message);
            }
        });
        List<MessageId> line =
                found.stream()
                        .filter(session::hasRequest)
                        .filter(message -> session.run(message).status != Status.DONE)
                        .sorted(Comparator.comparingLong(message -> session.run(message).arrival))
                        .toList();
        session.waiting.clear();
        session.index.values().removeIf(unfinished -> unfinished);
        for (MessageId message : line) {
            Run run = session.run(message);
            Entry entry =
                    add(
                            id,
                            session,
                            EventName.MESSAGE,
                            Objects.requireNonNull(run.request).messageEvent(run.parent));
            run.startAgain(entry.id().number());
            open.put(new Place(id, message), clock.getAsLong() + Policy.LOOK_SOON.toNanos());
            session.waiting.put(run.arrival, message);
            session.index.put(message, true);
            session.latest = message;
            session.arrivals = run.arrival;
        }
    }
}
