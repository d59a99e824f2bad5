package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.protocol.Json;

import io.nats.client.Connection;
import io.nats.client.Nats;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// Two gateways, and a worker that knows only the contract: it asks Redis for the pods and publishes each chunk
/// to each.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
@Timeout(120)
final class PlainWorkerTest {

    private final String session = TestServers.newSession();
    private TestServers servers;
    private Gateway podA;
    private Gateway podB;
    private Connection worker;

    @BeforeEach
    void open() throws Exception {
        servers = TestServers.open();
        podA = servers.gateway();
        podB = servers.gateway();
        worker = Nats.connect(servers.nats.url());
    }

    @AfterEach
    void close() throws Exception {
        worker.close();
        podA.close();
        podB.close();
        servers.close();
    }

    private String ask() throws Exception {
        return Http.text(Http.json(Http.ask(podA.port(), session, "hi")), "message_id");
    }

    /// In a plain worker's form: other fields, another order, no `event_id`.
    private byte[] chunk(String message, int id, boolean last) {
        ObjectNode chunk = Json.object();
        chunk.put("chunk_type", "content");
        chunk.put("chunk", "word" + id + (last ? "" : " "));
        chunk.put("is_final", last);
        chunk.put("chunk_id", id);
        chunk.put("message_id", message);
        chunk.put("session_id", session);
        chunk.put("trace", "theirs");
        if (last) {
            chunk.putObject("metadata")
                    .put("model", "plain-model")
                    .put("tokens_used", id + 1)
                    .put("finish_reason", "stop");
        }
        return Json.bytes(chunk);
    }

    private void publish(Set<String> pods, byte[] chunk) {
        pods.forEach(pod -> worker.publish("chat.pod." + pod + ".response", chunk));
    }

    private static String text(EventStream stream, String message) {
        StringBuilder text = new StringBuilder();
        for (EventStream.Event event : stream.events()) {
            ObjectNode data = Json.readObject(event.data().getBytes(StandardCharsets.UTF_8));
            if (event.name().equals("chunk") && Http.text(data, "message_id").equals(message)) {
                text.append(Http.text(data, "chunk"));
            }
        }
        return text.toString();
    }

    private static String words(int count) {
        return String.join(" ", IntStream.range(0, count).mapToObj(i -> "word" + i).toList());
    }

    private static void awaitComplete(EventStream stream) {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> stream.names().contains("message_complete"));
    }

    private long metric(String kind) throws IOException, InterruptedException {
        long sum = 0;
        for (Gateway pod : List.of(podA, podB)) {
            String name = "chat_stream_incidents_total{kind=\"" + kind + "\"} ";
            String line =
                    Http.get(pod.port(), "/metrics")
                            .body()
                            .lines()
                            .filter(each -> each.startsWith(name))
                            .findFirst()
                            .orElseThrow();
            sum += (long) Double.parseDouble(line.substring(name.length()));
        }
        return sum;
    }

    @Test
    void itsAnswerIsLikeAnyOtherThoughItsChunksComeDisorderedAndTwice() throws Exception {
        try (EventStream tabA = EventStream.open(podA.port(), session);
                EventStream tabB = EventStream.open(podB.port(), session)) {
            String message = ask();
            tabB.events(2);
            Set<String> pods = servers.pods(session);
            assertThat(pods).hasSize(2);

            publish(pods, chunk(message, 0, false));
            publish(pods, chunk(message, 2, false));
            await().until(() -> metric("plain_held") > 0);
            for (int id : List.of(1, 1, 3, 5, 4, 0, 6, 8, 9, 7)) {
                publish(pods, chunk(message, id, id == 9));
            }

            for (EventStream tab : List.of(tabA, tabB)) {
                awaitComplete(tab);
                assertThat(text(tab, message)).isEqualTo(words(10));
                assertThat(tab.numbers())
                        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L);
                assertThat(tab.text()).contains("\"token_count\":10,\"finish_reason\":\"stop\"");
            }
            assertThat(metric("plain_appended")).isEqualTo(10);
            assertThat(metric("plain_double")).isPositive();
            assertThat(metric("plain_held")).isPositive();
            await().untilAsserted(() ->
                    assertThat(
                                    Http.get(
                                                    podB.port(),
                                                    "/api/sessions/"
                                                            + session
                                                            + "/messages?user_id=user1")
                                            .body())
                            .contains("\"answer\":\"" + words(10) + "\"")
                            .contains("plain-model"));
        }
    }

    /// Each chunk reaches one pod only, so no pod gets the whole answer.
    @Test
    void aChunkThatOnePodMissesTheOtherBrings() throws Exception {
        try (EventStream tabA = EventStream.open(podA.port(), session);
                EventStream tabB = EventStream.open(podB.port(), session)) {
            String message = ask();
            List<String> pods = new ArrayList<>(servers.pods(session));

            for (int id = 0; id < 8; id++) {
                publish(Set.of(pods.get(id % 2)), chunk(message, id, id == 7));
            }

            for (EventStream tab : List.of(tabA, tabB)) {
                awaitComplete(tab);
                assertThat(text(tab, message)).isEqualTo(words(8));
            }
            assertThat(metric("plain_gap")).isZero();
        }
    }

    @Test
    void aLostChunkLeavesAMarkAndTheAnswerContinues() throws Exception {
        try (EventStream tab = EventStream.open(podB.port(), session)) {
            String message = ask();
            Set<String> pods = servers.pods(session);

            for (int id : List.of(0, 1, 3, 4)) {
                publish(pods, chunk(message, id, id == 4));
            }

            awaitComplete(tab);
            assertThat(text(tab, message)).isEqualTo("word0 word1 word3 word4");
            assertThat(tab.text()).contains("\"metadata\":{\"status\":\"gap\"}");
            assertThat(metric("plain_gap")).isOne();
        }
    }

    @Test
    void aReaderComesBackInTheMiddleOfIt() throws Exception {
        String message;
        String last;
        Set<String> pods;
        List<EventStream.Event> seen;
        try (EventStream tab = EventStream.open(podA.port(), session)) {
            message = ask();
            pods = servers.pods(session);
            for (int id = 0; id < 4; id++) {
                publish(pods, chunk(message, id, false));
            }
            seen = tab.events(6);
            last = String.valueOf(seen.getLast().id());
        }
        // The pod of its connection gets these too: the worker asked for pods earlier.
        for (int id = 4; id < 7; id++) {
            publish(pods, chunk(message, id, id == 6));
        }

        try (EventStream again = EventStream.resume(podB.port(), session, last)) {
            awaitComplete(again);
            assertThat(text(again, message)).isEqualTo("word4 word5 word6");
            assertThat(again.numbers()).containsExactly(6L, 7L, 8L, 9L);
        }
    }

    @Test
    void anAnswerWithoutARequestToOurGatewaysIsShownToo() throws Exception {
        try (EventStream tab = EventStream.open(podA.port(), session)) {
            Set<String> pods = new HashSet<>(servers.pods(session));
            publish(pods, chunk("theirs", 0, false));
            await().until(() -> tab.names().contains("chunk"));

            try (EventStream late = EventStream.open(podB.port(), session)) {
                publish(pods, chunk("theirs", 1, true));
                awaitComplete(late);
                assertThat(text(late, "theirs")).isEqualTo(words(2));
            }
            awaitComplete(tab);
            assertThat(text(tab, "theirs")).isEqualTo(words(2));
        }
    }

    @Test
    void aMessageOfOurWorkerTakesNoPlainChunks() throws Exception {
        try (EventStream tab = EventStream.open(podA.port(), session)) {
            String message = ask();
            Answering ours = servers.answering(session);
            ours.claim();
            ours.streams("ours ");

            publish(servers.pods(session), chunk(message, 1, true));
            await().until(() -> metric("plain_ignored") == 1);
            ours.ends("alone");

            awaitComplete(tab);
            assertThat(text(tab, message)).isEqualTo("ours alone");
        }
    }
}
