package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.RedisSettings;
import dev.antiphon.backplane.log.Claim;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.backplane.registry.Lease;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.RedisServer;
import dev.antiphon.time.Time;

import io.lettuce.core.RedisClient;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/// What happens to a held delivery, with real servers.
final class AckerTest {

    /// All keys are replaced by others in one step.
    private static final String RESTORE =
            "redis.call('FLUSHALL') "
                    + "for i, key in ipairs(KEYS) do redis.call('RESTORE', key, 0, ARGV[i]) end "
                    + "return redis.status_reply('OK')";

    private static final WorkerId HOLDER = new WorkerId("worker_1");
    private static final Duration IN_TIME = Duration.ofSeconds(30);

    private final Counters counters = new Counters();
    private NatsServer nats;
    private RedisServer redis;
    private Backplane backplane;
    private LeaseKeeper lease;
    private Acker acker;

    @BeforeEach
    void start() throws Exception {
        nats = NatsServer.start();
        redis = RedisServer.start();
        RedisSettings settings =
                new RedisSettings("127.0.0.1", redis.port(), null, Duration.ofSeconds(5));
        backplane = Backplane.open(new BackplaneSettings(nats.url(), settings), "test");
        lease = LeaseKeeper.open(backplane.lease(HOLDER), Time.system(), counters);
        acker = Acker.open(backplane.log(), Time.system(), counters);
    }

    @AfterEach
    void stop() {
        acker.close();
        lease.close();
        backplane.close();
        redis.close();
        nats.close();
    }

    /// Records how it is settled.
    private static final class Recorded implements Delivery {
        private final List<String> settled = new CopyOnWriteArrayList<>();

        @Override
        public StoredRequest request() {
            return new StoredRequest("chat.workflow.execute.s", new byte[0], 1, Instant.EPOCH);
        }

        @Override
        public boolean isAgain() {
            return false;
        }

        @Override
        public void ack() {
            settled.add("ack");
        }

        @Override
        public void retryAfter(Duration delay) {
            settled.add("retry after " + delay.toMillis());
        }

        @Override
        public void inProgress() {
            settled.add("in progress");
        }

        List<String> settled() {
            return settled.stream().filter(each -> !each.equals("in progress")).toList();
        }
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    /// A message that a worker has claimed.
    private Claim.Claimed claimed(String session, WorkerId worker) throws Exception {
        SessionId id = new SessionId(session);
        get(
                backplane
                        .log()
                        .accept(
                                new WorkflowRequest(
                                        new MessageId("m1"),
                                        id,
                                        new UserId("u1"),
                                        "hi",
                                        RequestContext.empty(),
                                        null,
                                        Instant.EPOCH,
                                        "c")));
        return (Claim.Claimed)
                get(backplane.log().claim(id, Optional.empty(), worker, Token.mint()));
    }

    private Recorded held(String session) {
        Recorded delivery = new Recorded();
        acker.hold(delivery, new SessionId(session), new MessageId("m1"));
        return delivery;
    }

    private void end(String session) throws Exception {
        Chunk last =
                new Chunk(
                        new SessionId(session),
                        new MessageId("m1"),
                        0,
                        new ChunkBody.Content(""),
                        new Completion("", null, Completion.FinishReason.CANCELLED),
                        Instant.EPOCH,
                        "c");
        assertThat(get(backplane.log().finish(Optional.empty(), last)))
                .isInstanceOf(Finish.Finished.class);
    }

    @Test
    void aHeldDeliveryStaysWhileItsSessionIsAtWorkAndIsAckedAfterItsEnd() throws Exception {
        claimed("busy", HOLDER);
        Recorded delivery = held("busy");

        await().atMost(IN_TIME)
                .until(() -> delivery.settled.equals(List.of("in progress", "in progress")));
        end("busy");
        long ended = System.nanoTime();

        await().atMost(IN_TIME).until(() -> !delivery.settled().isEmpty());
        assertThat(delivery.settled()).containsExactly("ack");
        assertThat(System.nanoTime() - ended).isGreaterThan(Acker.LAG.toNanos());
        assertThat(acker.held()).isZero();
    }

    @Test
    void aHeldDeliveryReturnsAtOnceWhenItsSessionIsFree() throws Exception {
        WorkerId dead = new WorkerId("worker_2");
        Lease leaseOfDead = backplane.lease(dead);
        get(leaseOfDead.renew());
        claimed("dead", dead);
        Claim.Claimed released = claimed("released", HOLDER);
        List<Recorded> deliveries = List.of(held("dead"), held("released"), held("forgotten"));

        get(leaseOfDead.end());
        get(
                backplane
                        .log()
                        .release(new SessionId("released"), new MessageId("m1"), released.token()));

        for (Recorded delivery : deliveries) {
            await().atMost(IN_TIME).until(() -> !delivery.settled.isEmpty());
            assertThat(delivery.settled).containsExactly("retry after 0");
        }
    }

    /// The first crash removes the end that the delivery waits for; the second one would remove the next end, and with
    /// it the last trace of the message.
    @Test
    void anEndThatRedisForgotAndThatCameAgainIsAsYoungAsItLooks() throws Exception {
        Claim.Claimed claimed = claimed("s", HOLDER);
        List<Dumped> before = everything();
        end("s");
        Recorded delivery = held("s");
        assertThat(get(backplane.log().workState(new SessionId("s"), new MessageId("m1"))))
                .isInstanceOf(WorkState.AtRest.class);

        bringBack(before);
        assertThat(get(backplane.log().workState(new SessionId("s"), new MessageId("m1"))))
                .isInstanceOf(WorkState.AtWork.class);
        assertThat(claimed.attempt()).isOne();
        long again = System.nanoTime();
        end("s"); // the same chunks, as from a worker that sends its last append again

        await().atMost(IN_TIME).until(() -> !delivery.settled().isEmpty());
        assertThat(delivery.settled()).containsExactly("ack");
        assertThat(System.nanoTime() - again).isGreaterThan(Acker.LAG.toNanos());
        assertThat(counters.of(Counters.Count.FORGOTTEN)).isOne();
    }

    /// A key of Redis and its value, as returned by `DUMP`.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Dumped(byte[] key, byte[] value) {}

    private List<Dumped> everything() {
        try (RedisClient client = RedisClient.create(redis.url());
                StatefulRedisConnection<byte[], byte[]> connection =
                        client.connect(ByteArrayCodec.INSTANCE)) {
            return connection.sync().keys("*").stream()
                    .map(key -> new Dumped(key, connection.sync().dump(key)))
                    .toList();
        }
    }

    /// Redis after a crash, with the content of its file.
    private void bringBack(List<Dumped> dumped) {
        try (RedisClient client = RedisClient.create(redis.url());
                StatefulRedisConnection<byte[], byte[]> connection =
                        client.connect(ByteArrayCodec.INSTANCE)) {
            connection
                    .sync()
                    .eval(
                            RESTORE,
                            ScriptOutputType.STATUS,
                            dumped.stream().map(Dumped::key).toArray(byte[][]::new),
                            dumped.stream().map(Dumped::value).toArray(byte[][]::new));
        }
    }

    @Test
    void aWorkerThatStopsGivesHeldDeliveriesBack() throws Exception {
        claimed("busy", HOLDER);
        Recorded delivery = held("busy");

        acker.close();

        assertThat(delivery.settled).containsExactly("retry after 0");
    }
}
