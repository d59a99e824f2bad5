package dev.antiphon.simulation;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Refuse;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.simulation.ModelSession.Run;
import dev.antiphon.simulation.ModelSession.Status;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;

/// The messages that users send: `accept.lua` and `refuse.lua`.
abstract class ModelQuestions extends ModelCleanups {

    ModelQuestions(LongSupplier clock, LongSupplier generations, int keepEntries) {
        super(clock, generations, keepEntries);
    }

    // accept.lua

    Accept accept(WorkflowRequest request) {
        SessionId id = request.sessionId();
        MessageId message = request.messageId();
        ModelSession found = sessions.get(id);
        if (isForeign(found, request.userId())) {
            return new Accept.Foreign();
        }
        Run known = found == null ? null : found.runs.get(message);
        if (found != null && known != null) {
            return acceptedBefore(found, known, request);
        }
        if (isErased(new Place(id, message))) {
            return new Accept.Conflict();
        }
        // Its run was evicted: if it were answered again in the same log, it would be there twice.
        boolean lost = found != null && found.index.containsKey(message);
        if (found != null && lost && found.history.containsKey(message)) {
            return new Accept.Duplicate();
        }
        if (found != null && found.waiting.size() >= Policy.MOST_WAITING) {
            return new Accept.Full();
        }
        ModelSession session = begin(id, request.userId(), lost);
        int before = session.waiting.size();
        MessageId parent = parent(session, request);
        Entry entry = add(id, session, EventName.MESSAGE, request.messageEvent(parent));
        session.latest = message;
        Run run = session.runs.computeIfAbsent(message, _ -> new Run());
        run.request = request;
        run.parent = parent;
        run.status = Status.ACCEPTED;
        run.attempts = 0;
        run.incarnation = Objects.requireNonNullElse(session.incarnation, "");
        run.asked = entry.id().number();
        session.arrivals++;
        run.arrival = session.arrivals;
        session.index.put(message, true);
        session.waiting.put(session.arrivals, message);
        open.put(
                new Place(id, message),
                clock.getAsLong() + (before == 0 ? Policy.LOOK_SOON : Policy.LOOK_LATER).toNanos());
        return new Accept.Accepted(entry, pods(id), before);
    }

    private static @Nullable MessageId parent(ModelSession session, WorkflowRequest request) {
        MessageId named = request.parentId();
        if (named == null) {
            return session.latest;
        }
        return named.equals(request.messageId()) ? null : named;
    }

    /// The same result as the first time, for as long as the message is unfinished.
    private Accept acceptedBefore(ModelSession session, Run known, WorkflowRequest request) {
        if (known.request == null || !known.request.digest().equals(request.digest())) {
            return new Accept.Conflict();
        }
        if (!known.hasEnded()) {
            begin(request.sessionId(), request.userId(), false);
        }
        int rank = List.copyOf(session.waiting.values()).indexOf(request.messageId());
        List<Entry> entry = session.between(known.asked, known.asked);
        return rank < 0 || entry.isEmpty()
                ? new Accept.Duplicate()
                : new Accept.Accepted(entry.getFirst(), pods(request.sessionId()), rank);
    }

    // refuse.lua

    Refuse refuse(SessionId id, MessageId message, Batch.End end) {
        ModelSession session = sessions.get(id);
        if (session == null || !session.canGrow()) {
            return new Refuse.Known();
        }
        Run known = session.runs.get(message);
        if (known != null) {
            List<Entry> before = session.between(known.ended - 1, known.ended);
            boolean same =
                    known.status == Status.REFUSED
                            && before.size() == 2
                            && Arrays.equals(before.getFirst().data(), end.chunk())
                            && Arrays.equals(before.getLast().data(), end.complete());
            return same ? new Refuse.Refused(before, pods(id)) : new Refuse.Known();
        }
        session.refused++;
        if (session.refused > Policy.MOST_REFUSED) {
            return new Refuse.Known();
        }
        List<Entry> added = addAll(id, session, end);
        Run run = new Run();
        run.status = Status.REFUSED;
        run.ended = session.entries.size();
        rests(run, session);
        session.runs.put(message, run);
        session.index.put(message, false);
        return new Refuse.Refused(added, pods(id));
    }
}
