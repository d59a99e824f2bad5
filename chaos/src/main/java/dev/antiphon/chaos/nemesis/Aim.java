package dev.antiphon.chaos.nemesis;

import dev.antiphon.chaos.history.FaultKind;
import dev.antiphon.chaos.history.Place;
import dev.antiphon.chaos.house.House;
import dev.antiphon.chaos.house.Inside;
import dev.antiphon.chaos.house.Member;
import dev.antiphon.chaos.load.Tracker;

import io.lettuce.core.RedisException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// Finds a process of the right kind that has an answer in flight.
final class Aim {

    private static final Duration AIM_WITHIN = Duration.ofSeconds(10);
    private static final Duration LOOK_EVERY = Duration.ofMillis(50);

    private final House house;
    private final Inside redis;
    private final Tracker tracker;
    private final SplittableRandom random;

    Aim(House house, Inside redis, Tracker tracker, SplittableRandom random) {
        this.house = house;
        this.redis = redis;
        this.tracker = tracker;
        this.random = random;
    }

    /// Waits for an answer in flight, but not forever: then it takes any process of that kind.
    ///
    /// @param spared a process that already has a fault
    Target at(FaultKind kind, Set<String> spared) throws InterruptedException {
        long deadline = System.nanoTime() + AIM_WITHIN.toNanos();
        while (true) {
            List<Target> all = targets(kind);
            all.removeIf(target -> spared.contains(target.name()));
            List<Target> busy = all.stream().filter(each -> !each.inFlight().isEmpty()).toList();
            if (!busy.isEmpty()) {
                return busy.get(random.nextInt(busy.size()));
            }
            if (System.nanoTime() > deadline) {
                return all.get(random.nextInt(all.size()));
            }
            Thread.sleep(LOOK_EVERY);
        }
    }

    private List<Target> targets(FaultKind kind) {
        List<Target> targets = new ArrayList<>();
        if (kind.onWorker()) {
            for (Member worker : house.workers()) {
                targets.add(new Target(worker.name(), worker, runsOf(worker), List.of()));
            }
        } else if (kind.onGateway()) {
            for (House.Gateway gateway : house.gateways()) {
                targets.add(readersOn(gateway.member()));
            }
        } else {
            String name = kind.name().startsWith("NATS") ? "nats-server" : "redis-server";
            targets.add(new Target(name, null, tracker.inFlight(), List.of()));
        }
        return targets;
    }

    private List<Place> runsOf(Member worker) {
        String id = worker.workerId();
        if (id.isEmpty()) {
            return List.of();
        }
        try {
            return redis.runsOf(id).stream().map(Aim::place).filter(tracker::isInFlight).toList();
        } catch (RedisException _) {
            return List.of(); // Redis is still starting: checked again
        }
    }

    private static Place place(String run) {
        int colon = run.indexOf(':');
        return new Place(run.substring(0, colon), run.substring(colon + 1));
    }

    private Target readersOn(Member gateway) {
        var sessions = tracker.sessionsByTabOn(gateway.name());
        List<Place> inFlight =
                tracker.inFlight().stream()
                        .filter(place -> sessions.containsValue(place.session()))
                        .toList();
        Set<String> reading = Set.copyOf(inFlight.stream().map(Place::session).distinct().toList());
        List<String> tabs =
                sessions.keySet().stream()
                        .filter(tab -> reading.contains(sessions.get(tab)))
                        .sorted()
                        .toList();
        return new Target(gateway.name(), gateway, inFlight, tabs);
    }
}
