package dev.antiphon.simulation;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/// Causes the faults of processes and servers: kills, pauses, stops, cuts, and losses of data on the disks of Redis
/// and NATS.
final class Nemesis {

    private static final Duration SNAPSHOT_EVERY = Duration.ofMillis(250);

    /// Redis syncs its file every second and can lose two seconds.
    private static final long MOST_LOST = Duration.ofSeconds(2).toNanos();

    private record Snapshot(long at, ModelRedis state) {}

    private final World world;
    private final Scheduler scheduler;
    private final SplittableRandom random;
    private final Deque<Snapshot> snapshots = new ArrayDeque<>();
    private final long end;

    private Nemesis(World world, Duration trouble) {
        this.world = world;
        this.scheduler = world.scheduler();
        this.random = scheduler.random();
        this.end = scheduler.now() + trouble.toNanos();
    }

    /// Plans its faults. All their consequences end with `trouble`: paused processes continue, and stopped ones
    /// are started.
    static Nemesis unleash(World world, Duration trouble) {
        Nemesis nemesis = new Nemesis(world, trouble);
        nemesis.plan(nemesis.deeds());
        return nemesis;
    }

    private List<Runnable> deeds() {
        List<Runnable> possible =
                new ArrayList<>(
                        List.of(
                                this::killWorker,
                                this::killWorker,
                                this::pauseWorker,
                                this::stopWorker,
                                this::killPod,
                                this::pausePod,
                                this::stopPod,
                                this::breakLink,
                                this::freezeRedis,
                                () -> redisDown(false),
                                () -> natsDown(true),
                                this::cutBrowser,
                                this::slowBrowser));
        // A disk that loses its data is a catastrophe of its own; not in every world.
        if (world.kinds().evicts()) {
            for (int i = 0; i < 12; i++) {
                possible.add(this::evict);
            }
        } else if (scheduler.chance(0.35)) {
            possible.add(() -> redisDown(true));
            possible.add(this::redisDownTwice);
            keepSnapshots();
        } else if (scheduler.chance(0.12)) {
            possible.add(this::loseRedis);
        } else if (scheduler.chance(0.15)) {
            possible.add(() -> natsDown(false));
        }
        return possible;
    }

    private void plan(List<Runnable> possible) {
        long first = scheduler.now() + 1_000_000_000L;
        int most = world.kinds().evicts() ? 18 : 9;
        for (int i = random.nextInt(0, most); i > 0; i--) {
            scheduler.at(
                    random.nextLong(first, end - 8_000_000_000L),
                    possible.get(random.nextInt(possible.size())));
        }
    }

    /// A time span that is over before the trouble ends.
    private long a(double seconds) {
        long most = Math.max(2, Math.min((long) (seconds * 1e9), end - scheduler.now()));
        return random.nextLong(1, most);
    }

    private void killWorker() {
        if (!world.workers().isEmpty()) {
            world.chronicle().count(Chronicle.Count.KILL);
            world.kill(world.workers().get(random.nextInt(world.workers().size())));
            scheduler.after(a(6), world::addWorker);
        }
    }

    private void pauseWorker() {
        if (!world.workers().isEmpty()) {
            pause(world.workers().get(random.nextInt(world.workers().size())).host());
        }
    }

    private void pausePod() {
        if (!world.pods().isEmpty()) {
            pause(world.pods().get(random.nextInt(world.pods().size())).host());
        }
    }

    private void pause(Host host) {
        world.chronicle().count(Chronicle.Count.PAUSE);
        host.pause();
        scheduler.after(a(10), host::resume);
    }

    private void stopWorker() {
        if (!world.workers().isEmpty()) {
            SimWorker worker = world.workers().get(random.nextInt(world.workers().size()));
            world.workers().remove(worker);
            world.chronicle().count(Chronicle.Count.RELEASE);
            worker.stop(world::addWorker);
        }
    }

    private void killPod() {
        if (!world.pods().isEmpty()) {
            SimPod pod = world.pods().get(random.nextInt(world.pods().size()));
            world.chronicle().count(Chronicle.Count.KILL);
            world.kill(pod);
            scheduler.after(a(3), () -> world.addPod(pod.id()));
        }
    }

    private void stopPod() {
        if (!world.pods().isEmpty()) {
            SimPod pod = world.pods().get(random.nextInt(world.pods().size()));
            if (pod.isOpen()) {
                world.pods().remove(pod);
                pod.stop(() -> {
                    world.hangUp(pod);
                    world.addPod(pod.id());
                });
            }
        }
    }

    private void breakLink() {
        List<Link> links = new ArrayList<>();
        world.workers().forEach(worker -> links.add(worker.link()));
        world.pods().forEach(pod -> links.add(pod.link()));
        if (!links.isEmpty()) {
            links.get(random.nextInt(links.size())).breakFor(a(4));
        }
    }

    private void freezeRedis() {
        world.freezeRedis(a(5));
    }

    private void redisDown(boolean losesTail) {
        if (losesTail) {
            long oldest = scheduler.now() - MOST_LOST;
            List<Snapshot> candidates =
                    snapshots.stream().filter(each -> each.at() >= oldest).toList();
            if (!candidates.isEmpty()) {
                world.redis().take(candidates.get(random.nextInt(candidates.size())).state());
                snapshots.clear();
                world.chronicle().rolledBack();
            }
        }
        world.breakAllLinks(a(5));
    }

    /// A message that was answered again after the first loss is lost in the second.
    private void redisDownTwice() {
        redisDown(true);
        scheduler.after(a(3), () -> redisDown(true));
    }

    /// In addition to the planned faults, during the trouble.
    void loseRedisSoon() {
        long at = scheduler.now() + random.nextLong(1_500_000_000);
        if (at < end) {
            scheduler.at(at, this::loseRedis);
        }
    }

    private void loseRedis() {
        world.redis().lose();
        world.chronicle().count(Chronicle.Count.LOSS);
        world.breakAllLinks(a(3));
    }

    /// Redis is full and evicts any one key, whatever the consequences. It evicts no second key of a session that has
    /// not yet recovered from the first.
    private void evict() {
        List<SessionId> whole =
                world.redis().sessions().entrySet().stream()
                        .filter(each -> each.getValue().isWhole() && world.isKnown(each.getKey()))
                        .map(Map.Entry::getKey)
                        .toList();
        if (whole.isEmpty()) {
            return;
        }
        SessionId id = whole.get(random.nextInt(whole.size()));
        ModelSession session = Objects.requireNonNull(world.redis().session(id));
        List<MessageId> messages = session.index.keySet().stream().toList();
        if (messages.isEmpty() || !session.runs.keySet().containsAll(messages)) {
            return;
        }
        if (!session.waiting.isEmpty() && scheduler.chance(0.7)) {
            messages = List.copyOf(session.waiting.values());
        }
        ModelSession.Key[] keys = ModelSession.Key.values();
        int which = random.nextInt(keys.length + 1);
        if (which == keys.length) {
            world.redis().evictUnsettled();
            world.chronicle().count(Chronicle.Count.EVICTION);
        } else {
            MessageId message = messages.get(random.nextInt(messages.size()));
            world.redis().evict(id, keys[which], message);
            world.chronicle().evicted(id, keys[which], message);
        }
        world.strangerComes(id);
    }

    private void keepSnapshots() {
        snapshots.addLast(new Snapshot(scheduler.now(), world.redis().snapshot()));
        if (snapshots.size() > MOST_LOST / SNAPSHOT_EVERY.toNanos()) {
            snapshots.removeFirst();
        }
        if (scheduler.now() < end) {
            scheduler.after(SNAPSHOT_EVERY.toNanos(), this::keepSnapshots);
        }
    }

    private void natsDown(boolean withDisk) {
        if (world.nats().isUp()) {
            world.nats().down();
            scheduler.after(a(5), () -> world.nats().up(withDisk));
        }
    }

    private void cutBrowser() {
        Browser browser = anyBrowser();
        if (browser.isConnected()) {
            browser.line().cut(scheduler.chance(0.3) ? a(20) : a(0.01));
        }
    }

    private void slowBrowser() {
        anyBrowser().line().dawdle(a(8));
    }

    private Browser anyBrowser() {
        return world.browsers().get(random.nextInt(world.browsers().size()));
    }
}
