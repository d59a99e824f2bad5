package dev.antiphon.chaos.nemesis;

import dev.antiphon.chaos.history.FaultKind;
import dev.antiphon.chaos.history.MessageRef;
import dev.antiphon.chaos.load.Tracker;
import dev.antiphon.chaos.system.DirectRedis;
import dev.antiphon.chaos.system.Member;
import dev.antiphon.chaos.system.SystemUnderTest;

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

    private final SystemUnderTest system;
    private final DirectRedis redis;
    private final Tracker tracker;
    private final SplittableRandom random;

    Aim(SystemUnderTest system, DirectRedis redis, Tracker tracker, SplittableRandom random) {
        this.system = system;
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
            for (Member worker : system.workers()) {
                targets.add(new Target(worker.name(), worker, runsOf(worker), List.of()));
            }
        } else if (kind.onGateway()) {
            for (SystemUnderTest.GatewayMember gateway : system.gateways()) {
                targets.add(readersOn(gateway.member()));
            }
        } else {
            String name = kind.name().startsWith("NATS") ? "nats-server" : "redis-server";
            targets.add(new Target(name, null, tracker.inFlight(), List.of()));
        }
        return targets;
    }

    private List<MessageRef> runsOf(Member worker) {
        String id = worker.workerId();
        if (id.isEmpty()) {
            return List.of();
        }
        try {
            return redis.runsOf(id).stream().map(Aim::message).filter(tracker::isInFlight).toList();
        } catch (RedisException _) {
            return List.of(); // Redis is still starting: checked again
        }
    }

    private static MessageRef message(String run) {
        int colon = run.indexOf(':');
        return new MessageRef(run.substring(0, colon), run.substring(colon + 1));
    }

    private Target readersOn(Member gateway) {
        var sessions = tracker.sessionsByTabOn(gateway.name());
        List<MessageRef> inFlight =
                tracker.inFlight().stream()
                        .filter(message -> sessions.containsValue(message.session()))
                        .toList();
        Set<String> reading =
                Set.copyOf(inFlight.stream().map(MessageRef::session).distinct().toList());
        List<String> tabs =
                sessions.keySet().stream()
                        .filter(tab -> reading.contains(sessions.get(tab)))
                        .sorted()
                        .toList();
        return new Target(gateway.name(), gateway, inFlight, tabs);
    }
}
