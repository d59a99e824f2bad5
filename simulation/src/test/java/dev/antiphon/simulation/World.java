package dev.antiphon.simulation;

import dev.antiphon.backplane.doorbell.Doorbell;
import dev.antiphon.backplane.doorbell.RingingSessionLog;
import dev.antiphon.backplane.history.ParkingSessionLog;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.gateway.stream.StreamCounters;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// One world: some workers and pods around one Redis and one NATS, some sessions with their tabs, and a nemesis. Built
/// from a seed and nothing else, so that the same seed is the same world.
final class World {

    /// Faults end within this time; then everything must come to an end.
    private static final Duration TROUBLE = Duration.ofSeconds(30);

    /// The longest wait by design is the sweeper's last delay.
    private static final Duration PATIENCE = Duration.ofMinutes(20);

    private static final Duration LOOK = Duration.ofSeconds(1);

    /// More than any world needs: an endless loop at one moment.
    private static final long MOST_STEPS = 3_000_000;

    private final Scheduler scheduler;
    private final SplittableRandom random;
    private final Kinds kinds;
    private final Seams seams;
    private final Chronicle chronicle = new Chronicle();
    private final Faults faults;
    private final ModelRedis redis;
    private final ModelRows rows = new ModelRows();
    private final Nats nats;
    private final List<SimWorker> workers = new ArrayList<>();
    private final List<SimPod> pods = new ArrayList<>();
    private final List<SimPod> allPods = new ArrayList<>();
    private final List<Browser> browsers = new ArrayList<>();
    private final List<Asker> askers = new ArrayList<>();
    private final RemoteService service;
    private final int concurrency;
    private @Nullable Nemesis nemesis;
    private long number;
    private long slowUntil;

    World(long seed, Seams seams) {
        this.scheduler = new Scheduler(seed);
        this.random = scheduler.random();
        this.kinds = Kinds.of(seed);
        this.seams = seams;
        this.faults = seams.faults(scheduler, kinds);
        int keepEntries = scheduler.chance(0.3) ? random.nextInt(5, 60) : 10_000;
        this.redis =
                seams.redis(
                        scheduler::now, () -> random.nextLong(1, 1L << 31), keepEntries, chronicle);
        chronicle.watch(redis, kinds.rows() ? rows : null);
        this.nats =
                new Nats(
                        scheduler,
                        faults,
                        chronicle,
                        new ModelQueue(scheduler::now),
                        kinds.jetStream());
        this.service = new RemoteService(scheduler, faults, chronicle);
        this.concurrency = random.nextInt(2, 6);
    }

    /// Runs the world and checks it.
    ///
    /// @return the chronicle, with every violation
    static Chronicle live(long seed, Seams seams) {
        return lived(seed, seams).chronicle;
    }

    static World lived(long seed, Seams seams) {
        World world = new World(seed, seams);
        world.begin();
        world.run();
        return world;
    }

    private void begin() {
        for (int i = random.nextInt(2, 4); i > 0; i--) {
            addWorker();
        }
        for (int i = 1; i <= random.nextInt(1, 3) + 1; i++) {
            addPod(new PodId("pod-" + i));
        }
        for (int s = 1; s <= random.nextInt(1, 4); s++) {
            addSession(new SessionId("s" + s), new UserId(kinds.shared() ? "u" : "u" + s));
        }
        if (kinds.shared()) {
            addWindow(new UserId("u"));
        }
        if (scheduler.chance(0.15)) {
            addErasure();
        }
        nemesis = Nemesis.unleash(this, TROUBLE);
        scheduler.after(TROUBLE.toNanos(), faults::end);
    }

    private void addSession(SessionId session, UserId user) {
        for (int i = random.nextInt(1, 3); i > 0; i--) {
            Browser browser = new Browser(this, session, user);
            browsers.add(browser);
            scheduler.after(random.nextLong(4_000_000_000L), browser.line()::connect);
        }
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            String end = scheduler.chance(0.03) ? Asker.DEADLY : "";
            if (kinds.asks() && random.nextBoolean()) {
                end = RemoteProvider.ASKS;
            }
            addAsker(session, user, new MessageId(session + "m" + i + end));
        }
    }

    /// One stream of all the user's sessions, of one of them twice.
    private void addWindow(UserId user) {
        List<SessionId> sessions =
                new ArrayList<>(browsers.stream().map(Browser::session).distinct().toList());
        if (sessions.size() == 1) {
            SessionId another = new SessionId("other");
            addAsker(another, user, new MessageId("otherm1"));
            sessions.add(another);
        }
        sessions.add(sessions.getFirst());
        Window window = new Window(this, user, sessions);
        browsers.addAll(window.tabs());
        scheduler.after(random.nextLong(8_000_000_000L), window::connect);
    }

    private void addAsker(SessionId session, UserId user, MessageId message) {
        Asker asker = new Asker(this, session, user, message, random.nextBoolean());
        askers.add(asker);
        long at = random.nextLong(1_000_000_000, 15_000_000_000L);
        scheduler.after(at, scheduler.chance(0.15) ? asker::publishPlain : asker::post);
        if (scheduler.chance(0.2)) {
            scheduler.after(at + random.nextLong(4_000_000_000L), asker::publishCopy);
        }
        if (scheduler.chance(0.15)) {
            scheduler.after(at + random.nextLong(3_000_000_000L), asker::cancel);
        }
    }

    private void addErasure() {
        SessionId session = new SessionId("erased");
        MessageId message = new MessageId("m" + Asker.DEADLY);
        Erasure erasure = new Erasure(this, session, new UserId("u"), message);
        askers.add(erasure.asker());
        scheduler.after(random.nextLong(1_000_000_000, 8_000_000_000L), erasure.asker()::post);
    }

    private void run() {
        long begun = scheduler.now();
        long end = begun + TROUBLE.plus(PATIENCE).toNanos();
        long look = begun + TROUBLE.toNanos();
        while (scheduler.step()) {
            if (scheduler.now() >= look) {
                if (isQuiet()) {
                    break;
                }
                look += LOOK.toNanos();
            }
            if (scheduler.now() >= end || scheduler.steps() > MOST_STEPS) {
                Checker.stuck(this);
                break;
            }
        }
        for (SimPod pod : allPods) {
            countOf(pod, StreamCounters.StreamCount.REPAIR, Chronicle.Count.REPAIR);
            countOf(pod, StreamCounters.StreamCount.RESYNC, Chronicle.Count.RESYNC);
            countOf(pod, StreamCounters.StreamCount.POLL_FOUND, Chronicle.Count.POLL_FOUND);
        }
        Checker.check(this);
    }

    private void countOf(SimPod pod, StreamCounters.StreamCount from, Chronicle.Count to) {
        chronicle.count(to, pod.counters().of(from));
    }

    private boolean isQuiet() {
        return askers.stream().allMatch(Asker::isDone) && Checker.unfinished(this).isEmpty();
    }

    // What its participants need

    Scheduler scheduler() {
        return scheduler;
    }

    Chronicle chronicle() {
        return chronicle;
    }

    Faults faults() {
        return faults;
    }

    ModelRedis redis() {
        return redis;
    }

    Nats nats() {
        return nats;
    }

    Kinds kinds() {
        return kinds;
    }

    RemoteService service() {
        return service;
    }

    /// The model of this world that never repeats a text.
    String uniqueProvider() {
        return kinds.remote() ? RemoteProvider.NAME : UniqueProvider.NAME;
    }

    int concurrency() {
        return concurrency;
    }

    long nextNumber() {
        return ++number;
    }

    /// The random numbers of one participant.
    SplittableRandom dice() {
        return random.split();
    }

    Host host(String name) {
        return new Host(name, scheduler, broken -> chronicle.violated("broken", trace(broken)));
    }

    private static String trace(Throwable broken) {
        StringBuilder trace = new StringBuilder(broken.toString());
        for (int i = 0; i < Math.min(8, broken.getStackTrace().length); i++) {
            trace.append("\n    at ").append(broken.getStackTrace()[i]);
        }
        return trace.toString();
    }

    Link link(Host host) {
        return new Link(host, scheduler, this::redisLatency, faults);
    }

    private long redisLatency() {
        long frozen = Math.max(0, slowUntil - scheduler.now());
        return frozen
                + (scheduler.chance(0.02)
                        ? random.nextLong(1_000_000, 500_000_000)
                        : random.nextLong(50_000, 2_000_000));
    }

    /// A process' connection to Redis.
    SimLog log(Link link) {
        return new SimLog(link, redis, chronicle, rows);
    }

    /// Its log, which rings, and stores waiting runs in PostgreSQL where there is one.
    SessionLog log(Host host, SimLog log, Doorbell doorbell) {
        SessionLog parking =
                kinds.rows()
                        ? new ParkingSessionLog(log, seams.rows(host, scheduler, faults, rows, log))
                        : log;
        return new RingingSessionLog(parking, doorbell);
    }

    /// A process' side of NATS.
    SimDoorbell subjects(Host host) {
        return seams.doorbell(host, nats);
    }

    Doorbell doorbell(Host host, SimDoorbell subjects) {
        return new Doorbell(subjects, host, kinds.ringTick());
    }

    SimQueue queue(Host host) {
        return seams.queue(host, scheduler, nats, faults, chronicle);
    }

    SimRegistry registry(Link link, PodId pod, SimLog log) {
        return seams.registry(link, redis, pod, chronicle, log);
    }

    /// A pod that answers; null when there is none.
    @Nullable SimPod anyPod() {
        List<SimPod> open = pods.stream().filter(SimPod::isOpen).toList();
        return open.isEmpty() ? null : open.get(random.nextInt(open.size()));
    }

    ModelRows rows() {
        return rows;
    }

    /// Whether a session has a reader or an asker; the checker cannot use the others.
    boolean isKnown(SessionId session) {
        return browsers.stream().anyMatch(browser -> browser.session().equals(session));
    }

    /// Another user names a session.
    void strangerComes(SessionId session) {
        scheduler.after(
                random.nextLong(1_500_000_000),
                () -> {
                    SimPod pod = anyPod();
                    if (pod != null) {
                        pod.stranger(session);
                    }
                });
    }

    /// A run waits for its user, or continues with the answer: a good moment to lose it.
    void goodMomentToLoseRedis() {
        if (kinds.rows() && nemesis != null && scheduler.chance(0.3)) {
            nemesis.loseRedisSoon();
        }
    }

    // What the nemesis does

    List<SimWorker> workers() {
        return workers;
    }

    List<SimPod> pods() {
        return pods;
    }

    List<Browser> browsers() {
        return browsers;
    }

    void addWorker() {
        workers.add(new SimWorker(this, "worker-" + nextNumber()));
    }

    void addPod(PodId id) {
        SimPod pod = new SimPod(this, id, id + "." + nextNumber());
        pods.add(pod);
        allPods.add(pod);
    }

    void kill(SimWorker worker) {
        workers.remove(worker);
        worker.link().abandon(scheduler.random().nextBoolean());
        worker.host().kill();
    }

    /// A request has killed its worker.
    void dies(SimWorker worker) {
        chronicle.count(Chronicle.Count.KILL);
        kill(worker);
        scheduler.after(random.nextLong(1_000_000_000), this::addWorker);
    }

    void kill(SimPod pod) {
        pods.remove(pod);
        pod.link().abandon(scheduler.random().nextBoolean());
        pod.host().kill();
        hangUp(pod);
    }

    /// Ends the work that its kernel still had: for the current process and for one that is just starting.
    void hangUp(SimPod pod) {
        for (Browser browser : browsers) {
            if (browser.line().isOn(pod)) {
                browser.line().cut(0);
            }
        }
    }

    /// Redis does not answer for a while, though it lives.
    void freezeRedis(long nanos) {
        slowUntil = scheduler.now() + nanos;
    }

    void breakAllLinks(long nanos) {
        workers.forEach(worker -> worker.link().breakFor(nanos));
        pods.forEach(pod -> pod.link().breakFor(nanos));
    }
}
