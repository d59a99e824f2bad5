package dev.antiphon.backplane.queue;

import static dev.antiphon.backplane.RealRedis.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Logged;
import dev.antiphon.backplane.RealNats;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.log.Chat;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkflowRequest;

import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.api.StreamConfiguration;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

@Timeout(60)
final class JetStreamQueueTest {

    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension final RealNats nats = new RealNats();

    @SuppressWarnings("NullAway.Init") // set before each test
    private NatsQueue queue;

    @BeforeEach
    void openQueue() throws InterruptedException {
        queue = NatsQueue.open(nats.nats());
    }

    private static WorkflowRequest request(String message) {
        return Chat.request(message);
    }

    private void plainPublish(String subject, byte[] data) {
        nats.plain().publish(subject, data);
        flush();
    }

    private void flush() {
        try {
            nats.plain().flush(Duration.ofSeconds(5));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private List<Delivery> pull(int most, Duration wait) throws InterruptedException {
        return pull(queue, most, wait);
    }

    private static List<Delivery> pull(RequestQueue queue, int most, Duration wait)
            throws InterruptedException {
        List<Delivery> deliveries = new ArrayList<>();
        queue.pull(most, wait, deliveries::add);
        return deliveries;
    }

    private static List<String> texts(List<Delivery> deliveries) {
        return deliveries.stream().map(delivery -> text(delivery.request().data())).toList();
    }

    private static String text(byte[] data) {
        return new String(data, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private long stored() throws Exception {
        return management().getStreamInfo(Topology.REQUESTS).getStreamState().getMsgCount();
    }

    private JetStreamManagement management() throws IOException {
        return nats.plain().jetStreamManagement();
    }

    private static void assertFailsWithUnavailable(CompletionStage<?> stage) {
        assertThatThrownBy(() -> answer(stage))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(Unavailable.class);
    }

    // Publishing

    @Test
    void aPublishedRequestIsDeliveredAsItIs() throws Exception {
        answer(queue.publish(request("m1")));

        List<Delivery> deliveries = pull(1, LONG);
        assertThat(deliveries).hasSize(1);
        StoredRequest stored = deliveries.getFirst().request();
        assertThat(stored.subject()).isEqualTo("chat.workflow.execute.s1");
        assertThat(WorkflowRequest.decodeStored(stored.data())).isEqualTo(request("m1"));
        assertThat(stored.sequence()).isOne();
    }

    @Test
    void aPlainPublishersRequestIsStoredThoughNoWorkerRuns() throws Exception {
        plainPublish("chat.workflow.execute.sess_456", bytes("{}"));
        plainPublish("chat.workflow.execute.sess.456", bytes("another subject"));
        plainPublish("chat.workflow.execute", bytes("another subject"));

        List<Delivery> deliveries = pull(10, SHORT);
        assertThat(texts(deliveries)).containsExactly("{}");
        assertThat(deliveries.getFirst().request().subject())
                .isEqualTo("chat.workflow.execute.sess_456");
    }

    @Test
    void aRequestThatIsPublishedTwiceIsStoredOnce() throws Exception {
        answer(queue.publish(request("m1")));
        answer(queue.publish(request("m1")));
        answer(NatsQueue.open(nats.open("another")).publish(request("m1")));

        assertThat(stored()).isOne();
    }

    @Test
    void aRequestIsStoredAgainOnceForEachOccasion() throws Exception {
        answer(queue.publish(request("m1")));
        answer(queue.publishAgain(request("m1"), "r1"));
        answer(queue.publishAgain(request("m1"), "r1"));
        answer(queue.publishAgain(request("m1"), "r2"));

        assertThat(stored()).isEqualTo(3);
        assertThat(queue.waiting()).isEqualTo(3);
        List<Delivery> deliveries = pull(3, LONG);
        assertThat(deliveries)
                .extracting(delivery -> delivery.request().republished())
                .containsExactly(false, true, true);
        assertThat(queue.before(deliveries.getLast().request(), 5))
                .extracting(StoredRequest::republished)
                .containsExactly(false, true);
    }

    @Test
    void whileNatsIsUnavailablePublishingFailsAtOnce() {
        nats.server().kill();
        await().until(() -> !nats.nats().connected());

        assertFailsWithUnavailable(queue.publish(request("m1")));
    }

    @Test
    void withoutItsStreamNothingIsConfirmed() throws Exception {
        management().deleteStream(Topology.REQUESTS);

        assertFailsWithUnavailable(queue.publish(request("m1")));
    }

    // Pulling

    @Test
    void neverMoreIsHandedOutThanWasAskedFor() throws Exception {
        for (int i = 0; i < 10; i++) {
            plainPublish("chat.workflow.execute.s" + i, bytes("r" + i));
        }

        assertThat(texts(pull(3, LONG))).containsExactly("r0", "r1", "r2");
        assertThat(
                        management()
                                .getConsumerInfo(Topology.REQUESTS, Topology.WORKERS)
                                .getNumAckPending())
                .isEqualTo(3);
        assertThat(texts(pull(1, LONG))).containsExactly("r3");
        assertThat(pull(100, SHORT)).hasSize(6);
    }

    @Test
    void anEmptyQueueIsWaitedForAsLongAsWasAsked() throws Exception {
        long start = System.nanoTime();

        assertThat(pull(5, Duration.ofMillis(700))).isEmpty();

        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(690), Duration.ofSeconds(10));
    }

    @Test
    void aRequestThatComesDuringAPullIsHandedOutAtOnce() throws Exception {
        CompletableFuture<List<Delivery>> pulled = inBackground(() -> pull(1, LONG));
        await().until(() -> waitingPulls() == 1);

        plainPublish("chat.workflow.execute.s1", bytes("r"));

        assertThat(texts(pulled.join())).containsExactly("r");
    }

    /// One after another over the ends of many pulls: none must be lost between two of them.
    @Test
    void nothingFallsBetweenTwoPulls() throws Exception {
        int all = 300;
        List<String> got = new ArrayList<>();
        CompletableFuture<Boolean> publishing =
                inBackground(() -> {
                    for (int i = 0; i < all; i++) {
                        answer(queue.publish(request("m" + i)));
                    }
                    return true;
                });
        Duration tiny = Duration.ofMillis(10);
        while (got.size() < all) {
            queue.pull(
                    3,
                    tiny,
                    delivery -> {
                        got.add(message(delivery));
                        delivery.ack();
                    });
        }
        publishing.join();

        assertThat(got)
                .containsExactlyElementsOf(IntStream.range(0, all).mapToObj(i -> "m" + i).toList());
        assertThat(pull(1, SHORT)).isEmpty();
    }

    private static String message(Delivery delivery) {
        return WorkflowRequest.decodeStored(delivery.request().data()).messageId().value();
    }

    @Test
    void twoWorkersShareWhatIsThere() throws Exception {
        NatsQueue other = NatsQueue.open(nats.open("other"));
        for (int i = 0; i < 20; i++) {
            plainPublish("chat.workflow.execute.s" + i, bytes("r" + i));
        }

        List<String> got = new ArrayList<>();
        got.addAll(texts(pull(queue, 8, LONG)));
        got.addAll(texts(pull(other, 8, LONG)));
        got.addAll(texts(pull(queue, 8, SHORT)));

        assertThat(got).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void aPullThatIsInterruptedGivesBackWhatWasOnItsWay() throws Exception {
        Thread puller =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                // Interrupted in the middle: the rest is on its way.
                                queue.pull(10, LONG, _ -> Thread.currentThread().interrupt());
                            } catch (InterruptedException e) {
                                // as expected
                            }
                        });
        await().until(() -> waitingPulls() == 1);
        for (int i = 0; i < 5; i++) {
            nats.plain().publish("chat.workflow.execute.s" + i, bytes("r" + i));
        }
        flush();
        puller.join();

        assertThat(texts(pull(queue, 4, LONG))).hasSize(4); // all but the one handed out
        plainPublish("chat.workflow.execute.s9", bytes("r9"));
        assertThat(texts(pull(queue, 1, LONG))).containsExactly("r9");
    }

    private long waitingPulls() throws Exception {
        return management().getConsumerInfo(Topology.REQUESTS, Topology.WORKERS).getNumWaiting();
    }

    // Settling

    @Test
    void anAckedRequestIsGone() throws Exception {
        plainPublish("chat.workflow.execute.s1", bytes("r"));
        pull(1, LONG).getFirst().ack();

        await().until(() -> stored() == 0);
    }

    @Test
    void aRequestThatIsPutOffComesAgainAfterItsDelayAndNotBefore() throws Exception {
        plainPublish("chat.workflow.execute.s1", bytes("r"));
        Delivery first = pull(1, LONG).getFirst();
        long start = System.nanoTime();
        first.retryAfter(Duration.ofMillis(600));

        Delivery second = pull(1, LONG).getFirst();

        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isGreaterThan(Duration.ofMillis(590));
        assertThat(second.request().sequence()).isEqualTo(first.request().sequence());
        assertThat(second.request().stored()).isEqualTo(first.request().stored());
        second.retryAfter(Duration.ZERO);
        assertThat(pull(1, LONG)).hasSize(1);
    }

    @Test
    void aDeliveryIsSettledOnce() throws Exception {
        plainPublish("chat.workflow.execute.s1", bytes("r"));
        Delivery delivery = pull(1, LONG).getFirst();
        delivery.ack();
        delivery.retryAfter(Duration.ZERO);
        delivery.inProgress();

        await().until(() -> stored() == 0);
        assertThat(pull(1, SHORT)).isEmpty();
    }

    @Test
    void settlingWhileNatsIsUnavailableOrClosedDoesNoHarm() throws Exception {
        plainPublish("chat.workflow.execute.s1", bytes("r"));
        Delivery delivery = pull(1, LONG).getFirst();
        nats.server().kill();
        await().until(() -> !nats.nats().connected());
        delivery.inProgress();
        nats.nats().close();

        delivery.inProgress();
        delivery.ack();
    }

    // Earlier requests

    @Test
    void theRequestsOfASessionBeforeOneAreShownOldestFirst() throws Exception {
        for (String text : List.of("a", "b", "c", "d")) {
            plainPublish("chat.workflow.execute.s1", bytes(text));
            plainPublish("chat.workflow.execute.s2", bytes("other " + text));
        }
        List<Delivery> all = pull(8, LONG);
        StoredRequest last = all.get(6).request();
        assertThat(text(last.data())).isEqualTo("d");

        assertThat(queue.before(last, 10))
                .extracting(each -> text(each.data()))
                .containsExactly("a", "b", "c");
        assertThat(queue.before(last, 2))
                .extracting(each -> text(each.data()))
                .containsExactly("a", "b");
        all.get(0).ack();
        await().until(() -> stored() == 7);
        assertThat(queue.before(last, 10))
                .extracting(StoredRequest::sequence)
                .containsExactly(3L, 5L);
        assertThat(queue.before(all.get(2).request(), 10)).isEmpty();
        management().purgeStream(Topology.REQUESTS);
        assertThat(queue.before(last, 10)).isEmpty();
    }

    @Test
    void doneRequestsThatAreStillStoredAreRemoved() throws Exception {
        for (int i = 0; i < 4; i++) {
            plainPublish("chat.workflow.execute.s" + i, bytes("r" + i));
        }
        List<Delivery> all = pull(4, LONG);
        all.get(0).ack();
        all.get(1).ack();
        all.get(3).ack();
        await().until(() -> stored() == 1);

        assertThat(queue.purgeDone()).isZero();
        assertThat(stored()).isOne();
        all.get(2).retryAfter(Duration.ZERO);
        assertThat(texts(pull(1, LONG))).containsExactly("r2");
    }

    // Dead letters

    private Message deadLetter() throws Exception {
        JetStreamSubscription letters = nats.plain().jetStream().subscribe("chat.deadletter.>");
        Message letter = letters.nextMessage(LONG);
        letters.unsubscribe();
        return letter;
    }

    @Test
    void aDeadLetterKeepsTheRequestAndTellsWhy() throws Exception {
        plainPublish("chat.workflow.execute.s1", bytes("{broken"));
        StoredRequest request = pull(1, LONG).getFirst().request();

        queue.deadLetter(request, ErrorCode.MALFORMED_JSON, "not valid JSON: é\nline 2");
        queue.deadLetter(request, ErrorCode.MALFORMED_JSON, "not valid JSON: é\nline 2");

        Message letter = deadLetter();
        assertThat(letter.getSubject()).isEqualTo("chat.deadletter.malformed_json.s1");
        assertThat(text(letter.getData())).isEqualTo("{broken");
        assertThat(letter.getHeaders().getFirst("Antiphon-Reason"))
                .isEqualTo("not valid JSON: ??line 2");
        assertThat(letter.getHeaders().getFirst("Antiphon-Subject"))
                .isEqualTo("chat.workflow.execute.s1");
        assertThat(letter.getHeaders().getFirst("Antiphon-Sequence")).isEqualTo("1");
        assertThat(letter.getHeaders().getFirst("Antiphon-Size")).isEqualTo("7");
        assertThat(management().getStreamInfo(Topology.DEAD_LETTERS).getStreamState().getMsgCount())
                .isOne();
    }

    /// NATS subjects can contain any UTF-8, headers cannot. A client library would refuse to publish this.
    @Test
    void aRequestOnAStrangeSubjectCanBeADeadLetter() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), nats.server().port())) {
            socket.getOutputStream()
                    .write(
                            bytes(
                                    """
                                    CONNECT {"verbose":false}\r
                                    PUB chat.workflow.execute.sé😀 2\r
                                    {}\r
                                    PING\r
                                    """));
            await().until(() -> stored() == 1);
        }
        StoredRequest request = pull(1, LONG).getFirst().request();

        queue.deadLetter(request, ErrorCode.INVALID_ID, "no such session");

        assertThat(deadLetter().getHeaders().getFirst("Antiphon-Subject"))
                .startsWith("chat.workflow.execute.s?");
    }

    @Test
    void aForgottenSessionHasNoRequestsAndNoDeadLettersAndOthersKeepTheirs() throws Exception {
        plainPublish("chat.workflow.execute.s1", bytes("bad"));
        plainPublish("chat.workflow.execute.s1", bytes("waits"));
        plainPublish("chat.workflow.execute.s11", bytes("other"));
        StoredRequest request = pull(1, LONG).getFirst().request();
        queue.deadLetter(request, ErrorCode.MALFORMED_JSON, "why");
        assertThat(queue.isStored(request)).isTrue();

        queue.forget(new SessionId("s1"));

        assertThat(queue.isStored(request)).isFalse();
        assertThat(management().getStreamInfo(Topology.DEAD_LETTERS).getStreamState().getMsgCount())
                .isZero();
        assertThat(texts(pull(1, LONG))).containsExactly("other");
    }

    /// A request can have the maximum size of NATS; with headers it is larger.
    @Test
    void aRequestAsLargeAsNatsTakesCanBeADeadLetter() throws Exception {
        byte[] largest = bytes("x".repeat((int) nats.plain().getMaxPayload()));
        plainPublish("chat.workflow.execute.s1", largest);
        StoredRequest request = pull(1, LONG).getFirst().request();
        assertThat(request.data()).hasSameSizeAs(largest);

        queue.deadLetter(request, ErrorCode.MALFORMED_JSON, "y".repeat(100_000));

        Message letter = deadLetter();
        assertThat(letter.getData()).hasSizeGreaterThan(largest.length - 5_000).containsOnly('x');
        assertThat(letter.getHeaders().getFirst("Antiphon-Size")).isEqualTo("" + largest.length);
        assertThat(nats.nats().connected()).isTrue();
    }

    @Test
    void aFailureToStoreIsReported() throws Exception {
        plainPublish("chat.workflow.execute.s1", bytes("r"));
        StoredRequest request = pull(1, LONG).getFirst().request();
        nats.server().kill();
        await().until(() -> !nats.nats().connected());

        assertThatThrownBy(() -> queue.deadLetter(request, ErrorCode.INTERNAL, "why"))
                .isInstanceOf(Unavailable.class);
        assertThatThrownBy(() -> queue.before(request, 1)).isInstanceOf(Unavailable.class);
        assertThatThrownBy(() -> pull(1, LONG)).isInstanceOf(Unavailable.class);
    }

    // NATS comes and goes

    @Test
    void afterARestartOnTheSameDataTheQueueContinues() throws Exception {
        plainPublish("chat.workflow.execute.s1", bytes("before"));
        CompletableFuture<List<Delivery>> waiting = inBackground(() -> pull(2, LONG));
        await().until(() -> stored() == 1);

        nats.server().kill();
        nats.server().restart();

        assertThat(texts(waiting.get())).containsExactly("before"); // the pull ends, not its wait
        await().until(() -> nats.nats().connected());
        answer(queue.publish(request("m1")));
        assertThat(pull(1, LONG)).hasSize(1);
    }

    @Test
    void aServerThatLostItsDiskGetsTheStreamsAgain() throws Exception {
        nats.server().stop();
        empty(nats.server().directory());
        nats.server().restart();

        await().until(() -> nats.nats().connected());
        await().ignoreExceptions().until(() -> confirmed(request("m1")));
        assertThat(pull(1, LONG)).hasSize(1);
    }

    private static void empty(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve("jetstream"))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private boolean confirmed(WorkflowRequest request) {
        answer(queue.publish(request));
        return true;
    }

    @Test
    void aRemovedConsumerIsNoticedAndCreatedAgain() throws Exception {
        management().deleteConsumer(Topology.REQUESTS, Topology.WORKERS);

        assertThat(pull(1, SHORT)).isEmpty();
        plainPublish("chat.workflow.execute.s1", bytes("r"));
        assertThat(texts(pull(1, LONG))).containsExactly("r");
    }

    @Test
    void aConsumerThatIsRemovedDuringAPullIsMissedAtOnce() throws Exception {
        CompletableFuture<List<Delivery>> pulled = inBackground(() -> pull(1, LONG));
        await().until(() -> waitingPulls() == 1);

        management().deleteConsumer(Topology.REQUESTS, Topology.WORKERS);

        assertThatThrownBy(pulled::join)
                .hasCauseInstanceOf(Unavailable.class)
                .hasMessageContaining("409 Consumer Deleted");
        plainPublish("chat.workflow.execute.s1", bytes("r"));
        assertThat(texts(pull(1, LONG))).containsExactly("r");
    }

    @Test
    void aQueueThatDoesNotFitAnyMoreIsSaidOnceAndTriedOn() throws Exception {
        try (Logged logged = new Logged(NatsQueue.class)) {
            management().deleteStream(Topology.REQUESTS);
            management()
                    .addStream(
                            StreamConfiguration.builder()
                                    .name(Topology.REQUESTS)
                                    .subjects("orders.*")
                                    .build());
            nats.server().kill();
            nats.server().restart();

            await().until(() -> !logged.warnings().isEmpty());
            await().until(() -> nats.plain().getStatus().name().equals("CONNECTED"));
            management().deleteStream(Topology.REQUESTS);
            await().ignoreExceptions().until(() -> confirmed(request("m1")));
            assertThat(logged.warnings()).hasSize(1);
        }
    }

    private interface Work<T> {
        T get() throws Exception;
    }

    private static <T> CompletableFuture<T> inBackground(Work<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        result.complete(work.get());
                    } catch (Exception e) {
                        result.completeExceptionally(e);
                    }
                });
        return result.orTimeout(40, TimeUnit.SECONDS);
    }
}
