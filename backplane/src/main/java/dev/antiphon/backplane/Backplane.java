package dev.antiphon.backplane;

import dev.antiphon.backplane.catalog.Catalog;
import dev.antiphon.backplane.doorbell.CancelSubscription;
import dev.antiphon.backplane.doorbell.Doorbell;
import dev.antiphon.backplane.doorbell.NatsDoorbell;
import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.doorbell.PodSubscription;
import dev.antiphon.backplane.doorbell.RingListener;
import dev.antiphon.backplane.doorbell.RingingSessionLog;
import dev.antiphon.backplane.history.Conversations;
import dev.antiphon.backplane.history.History;
import dev.antiphon.backplane.history.PostgresHistory;
import dev.antiphon.backplane.history.RedisHistory;
import dev.antiphon.backplane.log.Admission;
import dev.antiphon.backplane.log.Cleanups;
import dev.antiphon.backplane.log.Durable;
import dev.antiphon.backplane.log.PlainLog;
import dev.antiphon.backplane.log.Recovery;
import dev.antiphon.backplane.log.RedisCleanups;
import dev.antiphon.backplane.log.RedisPlainLog;
import dev.antiphon.backplane.log.RedisRecovery;
import dev.antiphon.backplane.log.RedisSessionLog;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.queue.Backlog;
import dev.antiphon.backplane.queue.NatsQueue;
import dev.antiphon.backplane.queue.RequestQueue;
import dev.antiphon.backplane.registry.ConnectionRegistry;
import dev.antiphon.backplane.registry.Lease;
import dev.antiphon.backplane.registry.Pods;
import dev.antiphon.backplane.registry.RedisConnectionRegistry;
import dev.antiphon.backplane.registry.RedisLease;
import dev.antiphon.backplane.registry.RedisPods;
import dev.antiphon.backplane.tools.RedisToolJournal;
import dev.antiphon.backplane.tools.ToolJournal;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.time.Time;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

/// The server connections of a process and the services that use them.
public final class Backplane implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Backplane.class);

    private final Redis redis;
    private final Nats nats;
    private final Admission admission;
    private final SessionLog log;
    private final PlainLog plainLog;
    private final History history;
    private final Conversations conversations;
    private final Optional<PostgresHistory> postgres;
    private final Optional<ReplicatedRedis> replicated;
    private final Recovery recovery;
    private final NatsQueue queue;
    private final Pods pods;
    private final NatsDoorbell podSubjects;
    private final Doorbell doorbell;
    private final Catalog catalog;
    private final LongAdder forgotten = new LongAdder();

    private Backplane(
            Redis redis,
            Nats nats,
            NatsQueue queue,
            RedisHistory inRedis,
            Optional<PostgresHistory> postgres,
            Optional<ReplicatedRedis> replicated,
            Admission admission,
            Retention keep,
            Duration keepParked) {
        this.redis = redis;
        this.replicated = replicated;
        this.admission = admission;
        this.nats = nats;
        this.podSubjects = new NatsDoorbell(nats, this::forget);
        this.doorbell = new Doorbell(podSubjects, Time.system());
        RedisSessionLog inRedisLog = new RedisSessionLog(redis, admission, keep, keepParked);
        this.log =
                new RingingSessionLog(
                        postgres.<SessionLog>map(each -> each.parking(inRedisLog))
                                .orElse(inRedisLog),
                        doorbell);
        this.plainLog = new RedisPlainLog(redis, keep);
        this.postgres = postgres;
        if (postgres.isPresent()) {
            this.history = postgres.get();
            this.conversations = postgres.get();
        } else {
            this.history = inRedis;
            this.conversations = inRedis;
        }
        this.recovery = new RedisRecovery(redis);
        this.queue = queue;
        this.catalog = new Catalog(redis);
        this.pods = new RedisPods(redis);
    }

    /// Connects to the servers; waits for each one until it is available.
    ///
    /// @param name shown by the servers' monitoring, for example `gateway pod-1`
    /// @throws Unavailable when the set-up of a server does not fit, for example a stream of our name with
    ///     other settings
    /// @throws InterruptedException when interrupted while waiting
    public static Backplane open(BackplaneSettings settings, String name)
            throws InterruptedException {
        Deque<AutoCloseable> opened = new ArrayDeque<>();
        try {
            Redis redis = Redis.open(settings.redis());
            opened.push(redis);
            Optional<PostgresHistory> postgres = Optional.empty();
            if (settings.database().isPresent()) {
                postgres =
                        Optional.of(
                                PostgresHistory.open(
                                        settings.database().get(),
                                        redis,
                                        settings.keep().history()));
                opened.push(postgres.get());
            }
            Admission admission = new Admission(postgres.map(Durable.class::cast));
            RedisHistory inRedis = new RedisHistory(redis, admission, settings.keep().history());
            Nats nats = Nats.open(settings.natsUrl(), name);
            opened.push(nats);
            NatsQueue queue = NatsQueue.open(nats);
            Optional<ReplicatedRedis> replicated =
                    settings.toolReplicas() == 0
                            ? Optional.empty()
                            : Optional.of(
                                    new ReplicatedRedis(settings.redis(), settings.toolReplicas()));
            return new Backplane(
                    redis,
                    nats,
                    queue,
                    inRedis,
                    postgres,
                    replicated,
                    admission,
                    settings.keep(),
                    settings.keepParked());
        } catch (RuntimeException | InterruptedException e) {
            for (AutoCloseable each : opened) {
                closeAfter(each, e);
            }
            throw e;
        }
    }

    private static void closeAfter(AutoCloseable each, Exception because) {
        try {
            each.close();
        } catch (Exception e) {
            because.addSuppressed(e);
        }
    }

    /// The session log, which also rings the pods for each entry.
    public SessionLog log() {
        return log;
    }

    public PlainLog plainLog() {
        return plainLog;
    }

    public History history() {
        return history;
    }

    public Conversations conversations() {
        return conversations;
    }

    public Catalog catalog() {
        return catalog;
    }

    public Recovery recovery() {
        return recovery;
    }

    public Cleanups cleanups() {
        return new RedisCleanups(redis);
    }

    public ToolJournal toolJournal() {
        return new RedisToolJournal(redis, replicated);
    }

    public RequestQueue queue() {
        return queue;
    }

    /// The requests in the queue. Blocks for at most two seconds.
    ///
    /// @throws Unavailable when NATS does not answer
    public Backlog backlog() {
        return queue.backlog();
    }

    /// Rings that were sent: one for each entry and pod.
    public long ringsSent() {
        return podSubjects.sent();
    }

    /// Messages to our pods that carried one ring or more.
    public long ringBatchesSent() {
        return podSubjects.batches();
    }

    /// Rings that were not sent because NATS was unavailable or too slow. The log has their entries.
    public long ringsLost() {
        return podSubjects.lost();
    }

    public Notices notices() {
        return podSubjects;
    }

    public ConnectionRegistry registry(PodId pod) {
        return new RedisConnectionRegistry(redis, pod, admission);
    }

    public Pods pods() {
        return pods;
    }

    /// If Redis is unavailable now, the pod's next chunk triggers this again.
    private void forget(SessionId session, PodId pod) {
        var _ =
                pods.forget(session, pod)
                        .thenAccept(members -> {
                            if (members == 0) {
                                podSubjects.spare(pod); // one of ours
                            } else {
                                forgotten.add(members);
                                LOG.atInfo()
                                        .addKeyValue("pod", pod)
                                        .addKeyValue("session", session)
                                        .log("removed a pod without a listener from a session");
                            }
                        });
    }

    /// Members of plain pods that this process removed because no pod listens for them.
    public long forgotten() {
        return forgotten.sum();
    }

    public Lease lease(WorkerId worker) {
        return new RedisLease(redis, worker);
    }

    /// Receives the rings for `pod` until the returned subscription is closed.
    public PodSubscription listen(PodId pod, RingListener listener) throws InterruptedException {
        return PodSubscription.open(nats, pod, listener);
    }

    /// Receives the ids of cancelled messages until the returned subscription is closed.
    public CancelSubscription listenForCancels(BiConsumer<SessionId, MessageId> listener) {
        return CancelSubscription.open(nats, listener);
    }

    /// The state of Redis, at most a second old.
    public RedisState redisState() {
        return redis.state();
    }

    /// How long Redis has been connected; zero while it is unavailable.
    public Duration redisConnectedFor() {
        return redis.connectedFor();
    }

    public boolean natsConnected() {
        return nats.connected();
    }

    @Override
    public void close() {
        doorbell.close();
        nats.close();
        postgres.ifPresent(PostgresHistory::close);
        replicated.ifPresent(ReplicatedRedis::close);
        redis.close();
    }
}
