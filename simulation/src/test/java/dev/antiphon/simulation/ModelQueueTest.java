package dev.antiphon.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.NatsQueue;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;
import dev.antiphon.servers.NatsServer;

import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// The model behaves like a real JetStream: in storing, in the order of delivery, in settling. Behaviour that takes
/// half a minute there (the ack wait) is not compared.
final class ModelQueueTest {

    private static final int CALLS = 150;
    private static final Duration SOON = Duration.ofMillis(150);

    /// JetStream does not specify the order in which it delivers returned requests.
    private static final int EVERYTHING = 1_000;

    @Test
    void theSameCallsLeaveTheSameRequests() throws Exception {
        try (NatsServer server = NatsServer.start();
                dev.antiphon.backplane.Nats nats =
                        dev.antiphon.backplane.Nats.open(server.url(), "test")) {
            Both both = new Both(NatsQueue.open(nats));
            for (int i = 0; i < CALLS; i++) {
                both.call();
            }
            both.pull();
        }
    }

    private static final class Both {
        private final SplittableRandom random = new SplittableRandom(1);
        private final NatsQueue real;
        private final ModelQueue model = new ModelQueue(System::nanoTime);
        private final Map<Long, Delivery> unsettled = new HashMap<>();
        private int messages;

        private Both(NatsQueue real) {
            this.real = real;
        }

        private static WorkflowRequest request(int number) {
            return new WorkflowRequest(
                    new MessageId("m" + number),
                    new SessionId("s" + number % 2),
                    new UserId("u"),
                    "hi",
                    RequestContext.empty(),
                    null,
                    Instant.EPOCH,
                    "c");
        }

        private void call() throws Exception {
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    messages++;
                    publish(request(messages), "");
                }
                case 2 -> publish(request(random.nextInt(messages + 1)), "");
                case 3 -> publish(request(random.nextInt(messages + 1)), "r1");
                case 4 -> pull();
                default -> settle();
            }
        }

        private void publish(WorkflowRequest request, String occasion) throws Exception {
            String id = request.sessionId() + "." + request.messageId();
            if (occasion.isEmpty()) {
                real.publish(request).toCompletableFuture().get(5, TimeUnit.SECONDS);
            } else {
                real.publishAgain(request, occasion).toCompletableFuture().get(5, TimeUnit.SECONDS);
                id += ":" + occasion;
            }
            model.publish(
                    id,
                    Subjects.execute(request.sessionId()),
                    request.encode(),
                    !occasion.isEmpty());
            soon().untilAsserted(() -> assertThat(real.waiting()).isEqualTo(model.waiting()));
        }

        private void pull() throws InterruptedException {
            List<String> delivered = new ArrayList<>();
            real.pull(
                    EVERYTHING,
                    SOON,
                    delivery -> {
                        delivered.add(name(delivery.request()));
                        unsettled.put(delivery.request().sequence(), delivery);
                    });
            List<String> modelled = new ArrayList<>();
            for (ModelQueue.Stored next = model.next(); next != null; next = model.next()) {
                modelled.add(name(next.request));
            }
            assertThat(delivered).hasSameElementsAs(modelled);
        }

        private static String name(StoredRequest request) {
            return request.sequence() + (request.republished() ? " again" : "");
        }

        private void settle() throws Exception {
            if (unsettled.isEmpty()) {
                return;
            }
            List<Long> sequences = unsettled.keySet().stream().sorted().toList();
            Delivery delivery = unsettled.remove(sequences.get(random.nextInt(sequences.size())));
            if (delivery == null) {
                return;
            }
            long sequence = delivery.request().sequence();
            if (random.nextBoolean()) {
                delivery.ack();
                model.ack(sequence);
            } else {
                delivery.retryAfter(Duration.ZERO);
                model.retryAfter(sequence, Duration.ZERO);
            }
            StoredRequest last = last(delivery.request());
            List<Long> left = before(model.before(last, EVERYTHING));
            soon().untilAsserted(() ->
                    assertThat(before(real.before(last, EVERYTHING))).isEqualTo(left));
        }

        private static ConditionFactory soon() {
            return await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2));
        }

        /// Requests that stand before all later ones.
        private static StoredRequest last(StoredRequest any) {
            return new StoredRequest(any.subject(), any.data(), Long.MAX_VALUE, any.stored());
        }

        private static List<Long> before(List<StoredRequest> requests) {
            return requests.stream().map(StoredRequest::sequence).toList();
        }
    }
}
