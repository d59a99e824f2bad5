package dev.antiphon.simulation;

import dev.antiphon.backplane.Policy;
import dev.antiphon.backplane.log.Recovery.Orphan;
import dev.antiphon.backplane.log.Recovery.Overdue;
import dev.antiphon.backplane.log.Recovery.Stray;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.simulation.ModelSession.Run;
import dev.antiphon.simulation.ModelSession.Status;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/// Leases, and runs without a worker: `orphans.lua` and `sweep.lua`.
abstract class ModelRecovery extends ModelParking {

    ModelRecovery(LongSupplier clock, LongSupplier generations, int keepEntries) {
        super(clock, generations, keepEntries);
    }

    void renew(WorkerId worker) {
        workers.add(worker.value());
        leases.put(worker, clock.getAsLong() + Policy.LEASE.toNanos());
    }

    void endLease(WorkerId worker) {
        leases.remove(worker);
    }

    Set<WorkerId> workers() {
        Set<WorkerId> all = new LinkedHashSet<>();
        workers.forEach(worker -> all.add(new WorkerId(worker)));
        return all;
    }

    List<Orphan> orphans(WorkerId worker) {
        if (lives(worker)) {
            return List.of();
        }
        List<Orphan> orphans = new ArrayList<>();
        Set<Place> runs = working.getOrDefault(worker, new TreeSet<>());
        for (Place place : List.copyOf(runs)) {
            Run run = run(place.session(), place.message());
            if (run != null && run.status == Status.RUNNING) {
                orphans.add(
                        new Orphan(Objects.requireNonNull(run.request), run.attempts, copy(run)));
            } else {
                runs.remove(place);
            }
        }
        if (orphans.isEmpty()) {
            workers.remove(worker.value());
        }
        return orphans;
    }

    private int copy(Run run) {
        if (run.orphanedAttempt != run.attempts) {
            run.orphanedAttempt = run.attempts;
            run.orphanedAt = clock.getAsLong();
        }
        long waited = clock.getAsLong() - run.orphanedAt;
        int copies = 1;
        for (long pause = Policy.COPY_AGAIN_AFTER.toNanos(); waited >= pause; pause *= 2) {
            waited -= pause;
            copies++;
        }
        return copies;
    }

    List<Stray> strays(WorkerId worker, Predicate<SessionId> isAt) {
        List<Stray> strays = new ArrayList<>();
        for (Place place : working.getOrDefault(worker, new TreeSet<>())) {
            ModelSession session = sessions.get(place.session());
            if (!isAt.test(place.session())
                    && session != null
                    && place.message().equals(session.active)
                    && worker.equals(session.worker)
                    && session.token != null) {
                strays.add(new Stray(place.session(), place.message(), session.token));
            }
        }
        return strays;
    }

    Optional<Overdue> sweep() {
        long now = clock.getAsLong();
        List<Place> due =
                open.entrySet().stream()
                        .filter(each -> each.getValue() <= now)
                        .sorted(
                                Map.Entry.<Place, Long>comparingByValue()
                                        .thenComparing(Map.Entry.comparingByKey()))
                        .map(Map.Entry::getKey)
                        .limit(Policy.MOST_SWEPT_AT_ONCE)
                        .toList();
        for (Place place : due) {
            ModelSession session = sessions.get(place.session());
            Run run = run(place.session(), place.message());
            if (session == null || run == null || run.status == Status.DONE) {
                open.remove(place);
                continue;
            }
            Duration putOff =
                    Duration.ofNanos(Policy.LOOK_SOON.toNanos() << Math.min(run.swept, 6));
            Duration pause = putOff.compareTo(Policy.LOOK_LATER) < 0 ? putOff : Policy.LOOK_LATER;
            if (run.status == Status.PARKED) {
                lookIn(place.session(), place.message(), pause);
                return Optional.of(new Overdue(Objects.requireNonNull(run.request), 0));
            }
            boolean atWork =
                    session.active != null && session.worker != null && lives(session.worker);
            boolean itsTurn =
                    session.waiting.isEmpty()
                            || session.waiting.firstEntry().getValue().equals(place.message())
                            || !session.hasRequest(session.waiting.firstEntry().getValue());
            if (atWork || !itsTurn) {
                lookIn(place.session(), place.message(), Policy.LOOK_LATER);
            } else {
                lookIn(place.session(), place.message(), pause);
                run.swept++;
                return Optional.of(new Overdue(Objects.requireNonNull(run.request), run.swept));
            }
        }
        return Optional.empty();
    }
}
