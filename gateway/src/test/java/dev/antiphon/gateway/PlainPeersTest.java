package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.protocol.Json;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// A gateway of ours together with a pod and a worker that know only the contract.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
@Timeout(120)
final class PlainPeersTest {

    private static final Duration IN_TIME = Duration.ofSeconds(30);

    private final String session = TestServers.newSession();
    private TestServers servers;
    private Gateway ours;
    private PlainPod pod;
    private PlainWorker worker;

    @BeforeEach
    void open() throws Exception {
        servers = TestServers.open();
        ours = servers.gateway();
        pod = PlainPod.open("plain-pod", servers.nats.url(), servers.redis.url());
        worker = PlainWorker.open(servers.nats.url(), servers.redis.url());
    }

    @AfterEach
    void close() throws Exception {
        worker.close();
        pod.close();
        ours.close();
        servers.close();
    }

    private static String text(EventStream stream, String message) {
        StringBuilder text = new StringBuilder();
        for (EventStream.Event event : stream.events()) {
            var data = Json.readObject(event.data().getBytes(StandardCharsets.UTF_8));
            if (event.name().equals("chunk") && Http.text(data, "message_id").equals(message)) {
                text.append(Http.text(data, "chunk"));
            }
        }
        return text.toString();
    }

    private static void awaitComplete(EventStream stream) {
        await().atMost(IN_TIME).until(() -> stream.names().contains("message_complete"));
    }

    @Test
    void readersOfBothPodsGetTheAnswerToAMessageOfEither() throws Exception {
        try (EventStream tab = EventStream.open(ours.port(), session)) {
            pod.connect(session, "conn-1");
            String first = Http.text(Http.json(Http.ask(ours.port(), session, "hi")), "message_id");
            awaitComplete(tab);
            assertThat(text(tab, first)).isEqualTo(PlainWorker.text("hi"));
            await().atMost(IN_TIME).until(() -> pod.text(first), PlainWorker.text("hi")::equals);

            pod.ask(session, "theirs", "and you?");
            await().atMost(IN_TIME)
                    .until(() -> text(tab, "theirs"), PlainWorker.text("and you?")::equals);
            await().atMost(IN_TIME)
                    .until(() -> pod.text("theirs"), PlainWorker.text("and you?")::equals);
        }
    }

    /// The worker finds no connection and publishes to the session's broadcast.
    @Test
    void anAnswerWithoutAClientIsKeptForTheNextClient() throws Exception {
        Http.ask(ours.port(), session, "hi"); // its answer might be complete by now

        try (EventStream late = EventStream.open(ours.port(), session)) {
            awaitComplete(late);
            assertThat(late.text())
                    .contains("\"chunk\":\"I received your \"")
                    .contains("\"token_count\":42,\"finish_reason\":\"stop\"");
        }
    }

    @Test
    void theExpiryOfAPlainPodIsTakenFromASetThatOursIsIn() throws Exception {
        try (EventStream _ = EventStream.open(ours.port(), session)) {
            pod.connect(session, "conn-1");
            assertThat(pod.expiry(session)).isPositive();

            await().atMost(IN_TIME).until(() -> pod.expiry(session) == -1);
            pod.disconnect(session, "conn-1");
            assertThat(servers.pods(session)).hasSize(1);
        }
    }
}
