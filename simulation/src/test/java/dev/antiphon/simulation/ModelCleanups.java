package dev.antiphon.simulation;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.log.Cleanups.Cleanup;
import dev.antiphon.backplane.log.Cleanups.Taken;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.simulation.ModelSession.Run;

import org.jspecify.annotations.Nullable;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/// What is left to do at services: `cleanup.lua`, `clean.lua`, `cleaned.lua`; and `erase.lua`, which leaves most of it.
abstract class ModelCleanups extends ModelSessions {

    ModelCleanups(LongSupplier clock, LongSupplier generations, int keepEntries) {
        super(clock, generations, keepEntries);
    }

    /// What a service may still do for a message that ends, or store for a session that is deleted.
    void leaveCleanup(
            SessionId id,
            ModelSession session,
            @Nullable MessageId message,
            @Nullable Run run,
            String incarnation,
            boolean whole) {
        boolean isHeld =
                message != null
                        && message.equals(session.active)
                        && session.worker != null
                        && lives(session.worker);
        String duty = id + ":" + incarnation + ":" + (whole || message == null ? "*" : message);
        WorkflowRequest request = run == null ? null : run.request;
        String provider = request == null ? null : request.context().aiProvider();
        cleanups.put(
                duty,
                new Duty(
                        clock.getAsLong() + (isHeld ? Policy.WORKER_ENDS_WITHIN.toNanos() : 0),
                        new Cleanup(
                                duty,
                                id,
                                incarnation,
                                message,
                                whole,
                                provider == null ? "" : provider,
                                run == null ? List.of() : run.handles,
                                0,
                                false)));
    }

    Taken takeCleanup() {
        long now = clock.getAsLong();
        Optional<Duty> first =
                cleanups.values().stream()
                        .filter(each -> each.due() <= now)
                        .min(
                                Comparator.comparingLong(Duty::due)
                                        .thenComparing(each -> each.cleanup().id()));
        if (first.isEmpty()) {
            return new Taken(Optional.empty(), 0);
        }
        Cleanup was = first.get().cleanup();
        boolean givenUp = was.tries() >= Policy.MOST_CLEANUP_TRIES;
        Cleanup taken =
                new Cleanup(
                        was.id(),
                        was.session(),
                        was.incarnation(),
                        was.message(),
                        was.whole(),
                        was.provider(),
                        was.handles(),
                        was.tries() + 1,
                        givenUp);
        if (givenUp) {
            cleanups.remove(was.id());
        } else {
            long pause = Policy.CLEAN_AGAIN.toNanos() << was.tries();
            long due = now + Math.min(Policy.CLEAN_AGAIN_AT_MOST.toNanos(), pause);
            cleanups.put(was.id(), new Duty(due, taken));
        }
        return new Taken(Optional.of(taken), 0);
    }

    void cleaned(Cleanup cleanup) {
        cleanups.remove(cleanup.id());
    }

    /// A minute passes.
    void forgetErased() {
        erased.clear();
    }

    // erase.lua

    /// Whether a message's session was deleted lately.
    boolean isErased(Place place) {
        return erased.getOrDefault(place, 0L) > clock.getAsLong();
    }

    /// Removes a whole session; false when it does not exist, or belongs to another user.
    boolean erase(SessionId id, UserId user) {
        ModelSession session = sessions.get(id);
        if (session == null || !user.equals(ownerOf(session))) {
            return false;
        }
        MessageId active = session.active;
        Run activeRun = active == null ? null : session.runs.get(active);
        String known = Objects.requireNonNullElse(incarnationOf(session), "");
        String first = activeRun == null ? known : activeRun.incarnation;
        leaveCleanup(id, session, active, activeRun, first, true);
        Set<String> others = new LinkedHashSet<>(List.of(known));
        session.runs.values().stream()
                .filter(run -> run.request != null)
                .forEach(run -> others.add(run.incarnation));
        others.remove(first);
        others.forEach(other -> leaveCleanup(id, session, null, null, other, true));
        if (active != null) {
            leave(session.worker, new Place(id, active));
        }
        open.keySet().removeIf(place -> place.session().equals(id));
        Set<MessageId> messages = new LinkedHashSet<>(session.index.keySet());
        messages.addAll(session.waiting.values());
        long forgottenAt = clock.getAsLong() + Policy.REMEMBER_ERASED.toNanos();
        erased.keySet().removeIf(place -> place.session().equals(id) && !isErased(place));
        erased.replaceAll((place, at) -> place.session().equals(id) ? forgottenAt : at);
        messages.forEach(message -> erased.put(new Place(id, message), forgottenAt));
        sessions.remove(id);
        unsettled.remove(id);
        members.remove(id);
        return true;
    }
}
