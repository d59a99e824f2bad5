package dev.antiphon.backplane.queue;

import static dev.antiphon.backplane.RealRedis.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Logged;
import dev.antiphon.backplane.Nats;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.servers.NatsServer;

import io.nats.client.Connection;
import io.nats.client.Subscription;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The queue at a nats-server without JetStream, and at one where it is switched on and off.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
@Timeout(60)
final class CoreQueueTest {

    private static final Duration LONG = Duration.ofSeconds(10);

    @TempDir Path data;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private NatsServer server;

    @BeforeEach
    void start() {
        server = NatsServer.start(options().withoutJetStream());
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
        server.close();
    }

    private NatsServer.Options options() {
        return NatsServer.Options.temporary().in(data);
    }

    private NatsQueue open() throws InterruptedException {
        Nats nats = Nats.open(server.url(), "test");
        opened.push(nats);
        return NatsQueue.open(nats);
    }

    private Connection plain() throws Exception {
        Connection plain = io.nats.client.Nats.connect(server.url());
        opened.push(plain);
        return plain;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(Delivery delivery) {
        return new String(delivery.request().data(), StandardCharsets.UTF_8);
    }

    /// A worker that pulls until it is interrupted, and keeps its deliveries.
    private static final class Pulling implements AutoCloseable {
        final List<Delivery> handed = new CopyOnWriteArrayList<>();
        private final Thread thread;

        Pulling(RequestQueue queue, int room) {
            thread = Thread.ofVirtual().start(() -> pull(queue, room));
        }

        private void pull(RequestQueue queue, int room) {
            try {
                while (true) {
                    try {
                        if (handed.size() < room) {
                            queue.pull(room - handed.size(), Duration.ofSeconds(1), handed::add);
                        } else {
                            new CountDownLatch(1).await(); // no room left: until it is interrupted
                        }
                    } catch (Unavailable e) {
                        Thread.onSpinWait(); // while NATS is unavailable
                    }
                }
            } catch (InterruptedException e) {
                queue.stopPulling();
            }
        }

        @Override
        public void close() throws InterruptedException {
            thread.interrupt();
            thread.join();
        }
    }

    @Test
    void requestsReachOneWorkerEachAndThatNothingIsStoredIsSaidOnce() throws Exception {
        try (Logged logged = new Logged(NatsQueue.class)) {
            NatsQueue gateway = open();
            NatsQueue one = open();
            NatsQueue two = open();
            assertThat(logged.warnings())
                    .hasSize(3)
                    .allMatch(line -> line.startsWith("NATS has no JetStream: "));
            try (Pulling first = new Pulling(one, 1_000);
                    Pulling second = new Pulling(two, 1_000)) {
                awaitHeard(gateway, first, second);
                for (int i = 0; i < 100; i++) {
                    answer(gateway.publish(Chat.request("m" + i)));
                }

                List<String> expected =
                        IntStream.range(0, 100).mapToObj(i -> messageId("m" + i)).toList();
                await().untilAsserted(() ->
                        assertThat(messageIds(first, second))
                                .containsExactlyInAnyOrderElementsOf(expected));
                assertThat(first.handed).isNotEmpty();
                assertThat(second.handed).isNotEmpty();
            }
            assertThat(gateway.waiting()).isZero();
            assertThat(gateway.backlog()).isEqualTo(Backlog.NONE);
            assertThat(gateway.purgeDone()).isZero();
            assertThat(logged.warnings()).hasSize(3);
        }
    }

    private static String messageId(String message) {
        return Chat.request(message).messageId().value();
    }

    /// Of all deliveries except the early ones.
    private static List<String> messageIds(Pulling... workers) {
        return Stream.of(workers)
                .flatMap(worker -> worker.handed.stream())
                .map(each -> Json.text(Json.readObject(each.request().data()), "message_id"))
                .filter(id -> !id.equals(messageId("early")))
                .toList();
    }

    /// Publishes until each of them has received a request: then both are known to listen.
    private static void awaitHeard(NatsQueue gateway, Pulling... workers) {
        for (Pulling worker : workers) {
            await().until(() -> {
                answer(gateway.publish(Chat.request("early")));
                return !worker.handed.isEmpty();
            });
        }
    }

    /// The queue group skips a worker without room.
    @Test
    void aWorkerIsHandedNoMoreThanItHasRoomFor() throws Exception {
        NatsQueue gateway = open();
        try (Pulling small = new Pulling(open(), 3);
                Pulling large = new Pulling(open(), 1_000)) {
            await().until(() -> {
                answer(gateway.publish(Chat.request("early")));
                return small.handed.size() == 3 && !large.handed.isEmpty();
            });
            int before = large.handed.size();
            for (int i = 0; i < 50; i++) {
                answer(gateway.publish(Chat.request("m" + i)));
            }

            await().until(() -> large.handed.size() >= before + 50);
            assertThat(small.handed).hasSize(3);
        }
    }

    @Test
    void aDeliveryThatIsPutOffComesAgainToTheSameWorkerWithTheSameNumber() throws Exception {
        NatsQueue queue = open();
        Connection plain = plain();
        try (Pulling worker = new Pulling(queue, 1_000)) {
            await().until(() -> {
                plain.publish("chat.workflow.execute.s1", bytes("r"));
                return !worker.handed.isEmpty();
            });
            Delivery first = worker.handed.getFirst();
            assertThat(first.isAgain()).isFalse();
            first.inProgress();

            first.retryAfter(Duration.ofMillis(100));

            await().until(() -> worker.handed.stream().anyMatch(Delivery::isAgain));
            Delivery again =
                    worker.handed.stream().filter(Delivery::isAgain).findFirst().orElseThrow();
            assertThat(again.request()).isEqualTo(first.request());
            assertThat(text(again)).isEqualTo("r");
            again.ack();
        }
    }

    /// In JetStream the ack wait would bring them to another worker.
    @Test
    void theDeliveriesOfAStoppingWorkerGoToAnother() throws Exception {
        NatsQueue stopping = open();
        Connection plain = plain();
        Pulling first = new Pulling(stopping, 1_000);
        await().until(() -> {
            plain.publish("chat.workflow.execute.s1", bytes("early"));
            return !first.handed.isEmpty();
        });
        Delivery held = first.handed.getFirst();
        Delivery later = first.handed.getLast();
        later.retryAfter(Duration.ofHours(1));

        try (Pulling second = new Pulling(open(), 1_000)) {
            await().until(() -> {
                plain.publish("chat.workflow.execute.s1", bytes("both listen"));
                return !second.handed.isEmpty();
            });
            first.close();
            await().until(() -> hasNumber(second, later));

            held.retryAfter(Duration.ZERO);

            await().until(() -> hasNumber(second, held));
        }
    }

    private static boolean hasNumber(Pulling worker, Delivery delivery) {
        return worker.handed.stream()
                .anyMatch(each ->
                        each.request().sequence() == delivery.request().sequence()
                                && each.request().stored().toEpochMilli()
                                        == delivery.request().stored().toEpochMilli());
    }

    @Test
    void onlyAPlainPublishersRequestIsTakenInWhenTheLogDoesNotKnowIt() throws Exception {
        NatsQueue queue = open();
        Connection plain = plain();
        try (Pulling worker = new Pulling(queue, 1_000)) {
            await().until(() -> {
                plain.publish("chat.workflow.execute.s1", bytes("plain"));
                return !worker.handed.isEmpty();
            });
            assertThat(queue.isStored(worker.handed.getFirst().request())).isTrue();
            assertThat(worker.handed.getFirst().request().republished()).isFalse();
            assertThat(queue.before(worker.handed.getFirst().request(), 5)).isEmpty();
            byte[] ours = Chat.request("m1").encode();
            answer(queue.publish(Chat.request("m1")));
            // Plain ones can still come in between.
            StoredRequest accepted =
                    await().until(
                                    () ->
                                            worker.handed.stream()
                                                    .map(Delivery::request)
                                                    .filter(each ->
                                                            Arrays.equals(each.data(), ours))
                                                    .findFirst(),
                                    Optional::isPresent)
                            .orElseThrow();
            assertThat(accepted.republished()).isTrue(); // the log has it, or it was deleted
            queue.forget(new SessionId("s1"));
        }
    }

    @Test
    void aDeadLetterReachesItsSubscribers() throws Exception {
        NatsQueue queue = open();
        Connection plain = plain();
        Subscription letters = plain.subscribe("chat.deadletter.>");
        plain.flush(LONG);

        queue.deadLetter(
                StoredRequest.gone(Chat.request("m1")), ErrorCode.TOO_MANY_ATTEMPTS, "why");

        var letter = letters.nextMessage(LONG);
        assertThat(letter.getSubject()).startsWith("chat.deadletter.too_many_attempts.");
        assertThat(letter.getHeaders().getFirst("Antiphon-Reason")).isEqualTo("why");
        assertThat(letter.getData()).isEqualTo(Chat.request("m1").encode());
    }

    @Test
    void whileNatsIsUnavailableNothingIsPublishedAndNothingPulled() throws Exception {
        Nats nats = Nats.open(server.url(), "test");
        opened.push(nats);
        NatsQueue queue = NatsQueue.open(nats);
        server.kill();
        await().until(() -> !nats.connected());

        assertThatThrownBy(() -> answer(queue.publish(Chat.request("m1"))))
                .hasRootCauseInstanceOf(Unavailable.class);
        assertThatThrownBy(() -> queue.pull(1, LONG, _ -> {})).isInstanceOf(Unavailable.class);
    }

    /// The processes stay; nats-server is started with and without `-js` on the same folder.
    @Test
    void jetStreamIsUsedAsSoonAsItIsSwitchedOnAndLeftWhenItIsSwitchedOff() throws Exception {
        NatsQueue gateway = open();
        int port = server.port();
        try (Pulling worker = new Pulling(open(), 1_000)) {
            for (boolean jetStream : List.of(true, false, true)) {
                server.close();
                NatsServer.Options options = options().onPort(port);
                server = NatsServer.start(jetStream ? options : options.withoutJetStream());

                worker.handed.clear();
                await().until(() -> {
                    gateway.publish(Chat.request(Ids.mint("m"))).exceptionally(_ -> null);
                    // Without a stream, no message is accepted from it.
                    return worker.handed.stream()
                            .anyMatch(each -> each.request().republished() != jetStream);
                });
            }
        }
    }

    /// Requests that waited in JetStream when it was switched off are delivered when it is on again.
    @Test
    void requestsInJetStreamAreDeliveredWhenItIsOnAgain() throws Exception {
        int port = server.port();
        server.close();
        server = NatsServer.start(options().onPort(port));
        NatsQueue gateway = open();
        answer(gateway.publish(Chat.request("m1")));
        for (boolean jetStream : List.of(false, true)) {
            server.close();
            NatsServer.Options options = options().onPort(port);
            server = NatsServer.start(jetStream ? options : options.withoutJetStream());
        }

        try (Pulling worker = new Pulling(open(), 10)) {
            await().until(() -> !worker.handed.isEmpty());
            assertThat(text(worker.handed.getFirst())).contains("m1");
        }
    }
}
