package dev.antiphon.chaos.nemesis;

import dev.antiphon.chaos.history.FaultKind;
import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.HistoryWriter;
import dev.antiphon.chaos.load.Calm;
import dev.antiphon.chaos.load.Tracker;
import dev.antiphon.chaos.system.DirectRedis;
import dev.antiphon.chaos.system.Member;
import dev.antiphon.chaos.system.SystemUnderTest;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/// Injects every kind of fault once, in an order drawn by the seed, then again, until told to stop. From time to time a
/// second process loses a link while the first one is down.
public final class Nemesis {

    /// Longer than a worker's lease (3 s), so that the process comes back as a zombie.
    private static final long LEAST_AWAY_MILLIS = 3_500;

    private static final long MOST_AWAY_MILLIS = 5_500;
    private static final long LEAST_DOWN_MILLIS = 200;
    private static final long MOST_DOWN_MILLIS = 2_000;
    private static final long LEAST_REST_MILLIS = 1_500;
    private static final long MOST_REST_MILLIS = 3_000;
    private static final int PAIRS_IN_100 = 35;

    private static final List<FaultKind> LINKS =
            List.of(
                    FaultKind.WORKER_NATS_CUT,
                    FaultKind.WORKER_REDIS_CUT,
                    FaultKind.GATEWAY_NATS_CUT,
                    FaultKind.GATEWAY_REDIS_CUT,
                    FaultKind.WORKER_NATS_FREEZE,
                    FaultKind.WORKER_REDIS_FREEZE,
                    FaultKind.GATEWAY_NATS_FREEZE,
                    FaultKind.GATEWAY_REDIS_FREEZE);

    private final SystemUnderTest system;
    private final HistoryWriter history;
    private final Calm calm;
    private final SplittableRandom random;
    private final Aim aim;

    /// The kinds that have been injected; written by one thread.
    private volatile Set<FaultKind> dealt = Set.of();

    private int faults;

    public Nemesis(
            SystemUnderTest system,
            DirectRedis redis,
            HistoryWriter history,
            Tracker tracker,
            Calm calm,
            long seed) {
        this.system = system;
        this.history = history;
        this.calm = calm;
        this.random = new SplittableRandom(seed ^ 0x6e656d65736973L);
        this.aim = new Aim(system, redis, tracker, random.split());
    }

    /// How many kinds have been injected at least once, as a share of all.
    public double dealtShare() {
        return (double) dealt.size() / FaultKind.values().length;
    }

    /// Injects faults until `enough`, which is checked between two faults; then everything serves again.
    public void rage(BooleanSupplier enough) throws InterruptedException {
        List<FaultKind> deck = new ArrayList<>();
        while (!enough.getAsBoolean()) {
            if (deck.isEmpty()) {
                deck.addAll(List.of(FaultKind.values()));
            }
            FaultKind kind = deck.remove(random.nextInt(deck.size()));
            deal(kind, deck);
            rest();
        }
    }

    private void rest() throws InterruptedException {
        system.awaitUp();
        Thread.sleep(random.nextLong(LEAST_REST_MILLIS, MOST_REST_MILLIS));
    }

    private void deal(FaultKind kind, List<FaultKind> deck) throws InterruptedException {
        List<Struck> struck = new ArrayList<>(List.of(strike(kind, Set.of())));
        // A message that is accepted while NATS is down is only in Redis: two losses at once are
        // not covered.
        if (kind != FaultKind.REDIS_POWER_LOSS && random.nextInt(100) < PAIRS_IN_100) {
            FaultKind second = LINKS.get(random.nextInt(LINKS.size()));
            if (second != kind) {
                deck.remove(second);
                struck.add(strike(second, Set.of(struck.getFirst().target().name())));
            }
        }
        for (Struck each : struck) {
            long wait = each.until() - System.nanoTime() / 1_000_000;
            if (wait > 0) {
                Thread.sleep(wait);
            }
            heal(each);
        }
        Set<FaultKind> now =
                dealt.isEmpty() ? EnumSet.noneOf(FaultKind.class) : new HashSet<>(dealt);
        struck.forEach(each -> now.add(each.kind()));
        dealt = Set.copyOf(now);
    }

    /// @param until when it must be healed, in milliseconds of System.nanoTime
    private record Struck(int number, FaultKind kind, Target target, long until) {}

    private Struck strike(FaultKind kind, Set<String> spared) throws InterruptedException {
        Target target = aim.at(kind, spared);
        int number = ++faults;
        calm.struck();
        history.write(at ->
                new HistoryLine.Fault(
                        at, number, kind, target.name(), target.inFlight(), target.tabs()));
        switch (kind) {
            case WORKER_KILL, GATEWAY_KILL -> member(target).kill();
            case NATS_KILL -> system.nats().kill();
            case REDIS_KILL -> system.redis().kill();
            case REDIS_POWER_LOSS -> system.powerLoss();
            case WORKER_PAUSE, GATEWAY_PAUSE -> member(target).pause();
            case NATS_PAUSE -> SystemUnderTest.pause(system.nats());
            case REDIS_PAUSE -> SystemUnderTest.pause(system.redis());
            case WORKER_STOP, GATEWAY_STOP -> member(target).terminate();
            case WORKER_NATS_CUT, GATEWAY_NATS_CUT -> member(target).cutNats();
            case WORKER_REDIS_CUT, GATEWAY_REDIS_CUT -> member(target).cutRedis();
            case WORKER_NATS_FREEZE, GATEWAY_NATS_FREEZE -> member(target).freezeNats();
            case WORKER_REDIS_FREEZE, GATEWAY_REDIS_FREEZE -> member(target).freezeRedis();
        }
        return new Struck(number, kind, target, System.nanoTime() / 1_000_000 + duration(kind));
    }

    private long duration(FaultKind kind) {
        return switch (kind) {
            case WORKER_KILL,
                    GATEWAY_KILL,
                    NATS_KILL,
                    REDIS_KILL,
                    REDIS_POWER_LOSS,
                    WORKER_NATS_CUT,
                    WORKER_REDIS_CUT,
                    GATEWAY_NATS_CUT,
                    GATEWAY_REDIS_CUT ->
                    random.nextLong(LEAST_DOWN_MILLIS, MOST_DOWN_MILLIS);
            case WORKER_PAUSE,
                    GATEWAY_PAUSE,
                    NATS_PAUSE,
                    REDIS_PAUSE,
                    WORKER_NATS_FREEZE,
                    WORKER_REDIS_FREEZE,
                    GATEWAY_NATS_FREEZE,
                    GATEWAY_REDIS_FREEZE ->
                    random.nextLong(LEAST_AWAY_MILLIS, MOST_AWAY_MILLIS);
            case WORKER_STOP, GATEWAY_STOP -> 0;
        };
    }

    private void heal(Struck struck) throws InterruptedException {
        switch (struck.kind()) {
            case WORKER_KILL, GATEWAY_KILL, WORKER_STOP, GATEWAY_STOP ->
                    member(struck.target()).start();
            case NATS_KILL -> system.nats().restart();
            case REDIS_KILL, REDIS_POWER_LOSS -> system.redis().restart();
            case WORKER_PAUSE, GATEWAY_PAUSE -> member(struck.target()).resume();
            case NATS_PAUSE -> SystemUnderTest.resume(system.nats());
            case REDIS_PAUSE -> SystemUnderTest.resume(system.redis());
            case WORKER_NATS_CUT,
                    WORKER_REDIS_CUT,
                    GATEWAY_NATS_CUT,
                    GATEWAY_REDIS_CUT,
                    WORKER_NATS_FREEZE,
                    WORKER_REDIS_FREEZE,
                    GATEWAY_NATS_FREEZE,
                    GATEWAY_REDIS_FREEZE ->
                    member(struck.target()).healLinks();
        }
        awaitServing(struck);
        history.write(at -> new HistoryLine.Healed(at, struck.number()));
        calm.healed();
    }

    /// A restarted process is healed when it serves; one that never serves is detected here.
    private void awaitServing(Struck struck) throws InterruptedException {
        switch (struck.kind()) {
            case WORKER_KILL, GATEWAY_KILL, WORKER_STOP, GATEWAY_STOP ->
                    SystemUnderTest.awaitUp(member(struck.target()));
            default -> {}
        }
    }

    private static Member member(Target target) {
        return Objects.requireNonNull(target.member(), target.name());
    }
}
