package dev.antiphon.simulation;

import dev.antiphon.backplane.log.ParkedRun;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.simulation.ModelSession.Run;
import dev.antiphon.simulation.ModelSession.Status;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Runs that wait for their users, for PostgreSQL: `parked.lua` and `restore.lua`.
abstract class ModelParking extends ModelRuns {

    ModelParking(LongSupplier clock, LongSupplier generations, int keepEntries) {
        super(clock, generations, keepEntries);
    }

    Optional<ParkedRun> parked(SessionId id) {
        ModelSession session = sessions.get(id);
        MessageId message = session == null ? null : session.active;
        Run run = session == null || message == null ? null : session.runs.get(message);
        if (session == null
                || message == null
                || run == null
                || run.status != Status.PARKED
                || session.owner == null) {
            return Optional.empty();
        }
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("body", text(Objects.requireNonNull(run.request).encode()));
        fields.put("parent", run.parent == null ? "" : run.parent.value());
        fields.put("attempts", Integer.toString(run.attempts));
        fields.put("checkpoint", run.checkpoint);
        fields.put("handles", String.join(" ", run.handles));
        fields.put("question", Integer.toString(run.question));
        fields.put("resumes", Integer.toString(run.resumes));
        fields.put("answers", Integer.toString(run.answers.size()));
        for (int i = 1; i <= run.answers.size(); i++) {
            fields.put("answer" + i, run.answers.get(i - 1));
        }
        List<String> chunks =
                streamed(session, run, message).stream().map(ModelKeys::text).toList();
        long until = open.getOrDefault(new Place(id, message), 0L);
        return chunks.size() == run.question + 1
                ? Optional.of(
                        new ParkedRun(
                                id,
                                message,
                                session.owner,
                                run.incarnation,
                                Instant.EPOCH.plusNanos(until),
                                fields,
                                Map.of(),
                                chunks))
                : Optional.empty();
    }

    /// Restores a waiting run.
    ///
    /// @return whether it is here now
    boolean restore(ParkedRun parked) {
        SessionId id = parked.session();
        MessageId message = parked.message();
        ModelSession found = sessions.get(id);
        if (isForeign(found, parked.owner())) {
            return false;
        } else if (found != null && found.runs.containsKey(message)) {
            return true;
        }
        boolean lost = found != null && found.index.containsKey(message);
        ModelSession session = begin(id, parked.owner(), lost);
        Map<String, String> kept = parked.run();
        Run run = new Run();
        run.request = parked.request();
        String parent = kept.getOrDefault("parent", "");
        run.parent = parent.isEmpty() ? null : new MessageId(parent);
        run.asked =
                add(id, session, EventName.MESSAGE, run.request.messageEvent(run.parent))
                        .id()
                        .number();
        parked.chunks().forEach(chunk -> add(id, session, EventName.CHUNK, bytes(chunk)));
        run.first = run.asked + 1;
        run.plainNext = parked.chunks().size();
        run.status = Status.PARKED;
        run.incarnation = parked.incarnation();
        run.attempts = Integer.parseInt(kept.getOrDefault("attempts", "0"));
        run.checkpoint = kept.getOrDefault("checkpoint", "");
        String handles = kept.getOrDefault("handles", "");
        if (!handles.isEmpty()) {
            run.handles.addAll(List.of(handles.split(" ", -1)));
        }
        for (int i = 1; i <= Integer.parseInt(kept.getOrDefault("answers", "0")); i++) {
            run.answers.add(kept.getOrDefault("answer" + i, ""));
        }
        run.question = Integer.parseInt(kept.getOrDefault("question", "0"));
        run.resumes = Integer.parseInt(kept.getOrDefault("resumes", "0"));
        session.runs.put(message, run);
        session.index.put(message, true);
        if (session.latest == null) {
            session.latest = message;
        }
        if (session.waiting.isEmpty()) {
            session.active = message;
            session.token = null;
            session.worker = null;
            session.next = run.plainNext;
        }
        session.arrivals++;
        run.arrival = session.arrivals;
        session.waiting.put(session.arrivals, message);
        Duration until = Duration.between(Instant.EPOCH, parked.until());
        open.put(new Place(id, message), until.toNanos());
        return true;
    }
}
