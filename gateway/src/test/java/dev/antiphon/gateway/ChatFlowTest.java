package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.gateway.EventStream.Event;
import dev.antiphon.gateway.RawHttp.Answer;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.WorkflowRequest;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.node.ObjectNode;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// A message goes in, and its answer reaches every tab on every pod, from the place where each had stopped.
final class ChatFlowTest {

    private static TestServers servers;
    private static Gateway gateway;
    private static Gateway other;

    private final String session = TestServers.newSession();

    @BeforeAll
    static void open() throws InterruptedException {
        servers = TestServers.open();
        gateway = servers.gateway();
        other = servers.gateway();
    }

    @AfterAll
    static void close() {
        gateway.close();
        other.close();
        servers.close();
    }

    @Test
    void aMessageIsAnsweredOverTheDocumentedFlow() throws Exception {
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            assertThat(stream.response().headers().firstValue("Content-Type"))
                    .contains("text/event-stream");
            assertThat(stream.response().headers().firstValue("Cache-Control"))
                    .contains("no-cache");
            assertThat(stream.response().headers().firstValue("X-Accel-Buffering")).contains("no");

            HttpResponse<String> response =
                    Http.ask(gateway.port(), session, "Hello, how are you?");
            assertThat(response.statusCode()).isEqualTo(202);
            ObjectNode answer = Http.json(response);
            assertThat(answer.propertyNames())
                    .containsExactly(
                            "message_id", "session_id", "status", "timestamp", "correlation_id");
            assertThat(Http.text(answer, "session_id")).isEqualTo(session);
            assertThat(Http.text(answer, "status")).isEqualTo("accepted");
            assertThat(Http.text(answer, "correlation_id")).startsWith("corr_");
            assertThat(Instant.parse(Http.text(answer, "timestamp")))
                    .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(60));
            String message = Http.text(answer, "message_id");
            assertThat(message).startsWith("msg_");

            Answering worker = servers.answering(session);
            worker.claim();
            worker.streams("I received your ");
            worker.streams("message: 'Hello, how ");
            worker.ends("are you?'");

            List<Event> events = stream.events(6);
            String connection = Http.text(Http.json(events.get(0).data()), "connection_id");
            assertThat(stream.text())
                    .startsWith(
                            """
                            event: connected
                            data: {"connection_id":"%s","session_id":"%s"}
                            retry: 1000

                            id: %s
                            event: message
                            data: {"message_id":"%s","role":"user","text":"Hello, how are you?","parent_id":null}

                            id: %s
                            event: chunk
                            data: {"session_id":"%s","message_id":"%s","chunk_id":0,"chunk":"I received your ","is_final":false,\
                            """
                                    .formatted(
                                            connection,
                                            session,
                                            events.get(1).id(),
                                            message,
                                            events.get(2).id(),
                                            session,
                                            message));
            assertThat(stream.text())
                    .endsWith(
                            """
                            id: %s
                            event: message_complete
                            data: {"message_id":"%s","token_count":42,"finish_reason":"stop"}

                            """
                                    .formatted(events.get(5).id(), message));
            assertThat(stream.numbers()).containsExactly(1L, 2L, 3L, 4L, 5L);
        }
    }

    @Test
    void everyTabOnEveryPodSeesQuestionAndAnswer() throws Exception {
        try (EventStream here = EventStream.open(gateway.port(), session);
                EventStream tab = EventStream.open(gateway.port(), session);
                EventStream there = EventStream.open(other.port(), session)) {
            assertThat(servers.pods(session)).hasSize(2);
            Http.ask(other.port(), session, "hi");
            Answering worker = servers.answering(session);
            worker.claim();
            worker.streams("a ", "b ", "c ");
            worker.ends("d");
            for (EventStream stream : List.of(here, tab, there)) {
                stream.events(7);
                assertThat(stream.numbers()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
            }
            assertThat(after(here, 1)).isEqualTo(after(tab, 1)).isEqualTo(after(there, 1));
        }
    }

    private static List<Event> after(EventStream stream, int first) {
        return stream.events().subList(first, stream.events().size());
    }

    @Test
    void aMessagePostedBeforeAnyConnectionLosesNothing() throws Exception {
        Http.ask(gateway.port(), session, "hi");
        Answering worker = servers.answering(session);
        worker.claim();
        worker.streams("a ");
        try (EventStream stream = EventStream.open(other.port(), session)) {
            stream.events(3);
            worker.ends("b");
            stream.events(5);
            assertThat(stream.numbers()).containsExactly(1L, 2L, 3L, 4L);
        }
    }

    @Test
    void anUnseenAnswerIsShownOnce() throws Exception {
        Http.ask(gateway.port(), session, "hi");
        Answering worker = servers.answering(session);
        worker.claim();
        worker.ends("a");
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            stream.events(4);
        }
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> {
                    try (EventStream again = EventStream.open(gateway.port(), session)) {
                        again.events(1);
                    }
                });
    }

    @Test
    void aClientThatComesBackWithItsLastIdContinuesOnAnyPod() throws Exception {
        String lastId;
        Answering worker = servers.answering(session);
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            Http.ask(gateway.port(), session, "hi");
            worker.claim();
            worker.streams("a ", "b ");
            lastId = String.valueOf(stream.events(4).getLast().id());
        }
        worker.streams("c ", "d ");
        try (EventStream stream = EventStream.resume(other.port(), session, lastId)) {
            stream.events(3);
            worker.ends("e");
            stream.events(5);
            assertThat(stream.numbers()).containsExactly(4L, 5L, 6L, 7L);
        }
    }

    @Test
    void theLastIdMayComeInTheQueryAndTheHeaderWins() throws Exception {
        Http.ask(gateway.port(), session, "hi");
        Answering worker = servers.answering(session);
        worker.claim();
        List<String> ids =
                worker.append(servers.silentLog(), "a ", "b ", "c ").stream()
                        .map(e -> e.id().toString())
                        .toList();
        String query = "session_id=" + session + "&user_id=user1&last_event_id=" + ids.get(0);
        try (EventStream stream = EventStream.openAt(gateway.port(), query, request -> request)) {
            stream.events(3);
            assertThat(stream.numbers()).containsExactly(3L, 4L);
        }
        try (EventStream stream =
                EventStream.openAt(
                        gateway.port(),
                        query,
                        request -> request.header("Last-Event-ID", ids.get(1)))) {
            stream.events(2);
            assertThat(stream.numbers()).containsExactly(4L);
        }
    }

    @Test
    void anIdThatIsNoneIsAnsweredWithAResync() throws Exception {
        Http.ask(gateway.port(), session, "hi");
        Answering worker = servers.answering(session);
        worker.claim();
        worker.streams("a ");
        try (EventStream stream = EventStream.resume(gateway.port(), session, "yesterday")) {
            List<Event> events = stream.events(4);
            assertThat(events.get(1).name()).isEqualTo("resync");
            ObjectNode resync = Http.json(events.get(1).data());
            assertThat(resync.propertyNames()).containsExactly("reason", "messages", "cursor");
            assertThat(Http.text(resync, "reason")).isEqualTo("unknown_cursor");
            assertThat(EntryId.parse(Http.text(resync, "cursor")).number()).isZero();
            assertThat(stream.names()).containsExactly("connected", "resync", "message", "chunk");
        }
    }

    @Test
    void anIdThatTheLogDoesNotHoldIsAnsweredWithAResync() throws Exception {
        Http.ask(gateway.port(), session, "hi");
        try (EventStream stream = EventStream.resume(gateway.port(), session, "1.1.00000000")) {
            List<Event> events = stream.events(3);
            assertThat(stream.names()).containsExactly("connected", "resync", "message");
            assertThat(Http.text(Http.json(events.get(1).data()), "reason"))
                    .isEqualTo("other_generation");
        }
    }

    @Test
    void ringsThatAreLostAreFoundInTheLog() throws Exception {
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            Http.ask(gateway.port(), session, "hi");
            Answering worker = servers.answering(session);
            worker.claim();
            worker.append(servers.silentLog(), "a ", "b ");
            worker.streams("c ");
            stream.events(5);
            worker.append(servers.silentLog(), "d "); // no entry follows it: the poll finds it
            stream.events(6);
            assertThat(stream.numbers()).containsExactly(1L, 2L, 3L, 4L, 5L);
        }
    }

    @Test
    void everyTextComesBackIntact() throws Exception {
        String text =
                "\"quotes\" \\ \r\n\t 😀 שלום {\"a\":[1]} </script> \u0000\u2028\ufeff data: x\n\nevent: y";
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            Http.ask(gateway.port(), session, text);
            Answering worker = servers.answering(session);
            assertThat(worker.claim().message()).isEqualTo(text);
            worker.ends(text);
            List<Event> events = stream.events(4);
            assertThat(Http.text(Http.json(events.get(1).data()), "text")).isEqualTo(text);
            assertThat(Http.text(Http.json(events.get(2).data()), "chunk")).isEqualTo(text);
        }
    }

    @Test
    void aMessageOfSixtyKibibytesGoesThrough() throws Exception {
        String text = "x".repeat(60 * 1024);
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            assertThat(Http.ask(gateway.port(), session, text).statusCode()).isEqualTo(202);
            assertThat(Http.text(Http.json(stream.events(2).get(1).data()), "text"))
                    .isEqualTo(text);
        }
    }

    @Test
    void aProxyThatSpeaksHttp10GetsTheStreamToo() throws Exception {
        try (RawHttp proxy = RawHttp.connect(gateway.port())) {
            proxy.send(
                    "GET /api/sse?session_id=%s&user_id=user1 HTTP/1.0\r\nHost: h\r\n\r\n"
                            .formatted(session));
            Answer head = proxy.answer();
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.headers()).doesNotContainKey("transfer-encoding");
            Http.ask(gateway.port(), session, "hi");
            StringBuilder text = new StringBuilder();
            while (text.indexOf("\"text\":\"hi\"") < 0) {
                text.append((char) proxy.socket().getInputStream().read());
            }
            assertThat(text).startsWith("event: connected\ndata: {");
        }
    }

    @Test
    void aClientThatLeavesIsOutOfTheRegistryWithinASecond() throws Exception {
        EventStream stream = EventStream.open(gateway.port(), session);
        stream.events(1);
        assertThat(servers.members(session)).hasSize(1);
        stream.close();
        // A busy machine can take longer than the promised second. The next heartbeat, which would
        // find it too, is 15 s away.
        await().atMost(Duration.ofSeconds(5))
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(() -> assertThat(servers.members(session)).isEmpty());
    }

    @Test
    void providerAndModelGoIntoTheContext() throws Exception {
        Http.send(
                Http.chat(
                        gateway.port(),
                        """
                        {"session_id":"%s","user_id":"user1","message":"hi","ai_provider":"demo",
                         "model":"m","context":{"model":"other","temperature":0.5},
                         "correlation_id":"mine","unknown":[1]}
                        """
                                .formatted(session)));
        WorkflowRequest request = servers.answering(session).claim();
        assertThat(request.context().aiProvider()).isEqualTo("demo");
        assertThat(request.context().model()).isEqualTo("m");
        assertThat(request.context().temperature()).isEqualTo(0.5);
        assertThat(request.correlationId()).isEqualTo("mine");
    }

    @Test
    void theSamePostTwiceIsOneMessage() throws Exception {
        String body =
                """
                {"session_id":"%s","user_id":"user1","message":"hi","message_id":"m1"}
                """
                        .formatted(session);
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            for (int i = 0; i < 2; i++) {
                HttpResponse<String> response = Http.send(Http.chat(gateway.port(), body));
                assertThat(response.statusCode()).isEqualTo(202);
                assertThat(Http.text(Http.json(response), "message_id")).isEqualTo("m1");
            }
            Http.send(Http.chat(gateway.port(), body.replace("m1", "m2")));
            stream.events(3);
            assertThat(stream.names()).containsExactly("connected", "message", "message");
        }
    }

    @Test
    void theSameIdempotencyKeyIsTheSameMessage() throws Exception {
        String body =
                """
                {"session_id":"%s","user_id":"user1","message":"hi"}
                """
                        .formatted(session);
        HttpResponse<String> first =
                Http.send(Http.chat(gateway.port(), body).header("Idempotency-Key", "k 1"));
        HttpResponse<String> again =
                Http.send(Http.chat(other.port(), body).header("Idempotency-Key", "k 1"));
        HttpResponse<String> changed =
                Http.send(
                        Http.chat(gateway.port(), body.replace("\"hi\"", "\"ho\""))
                                .header("Idempotency-Key", "k 1"));
        assertThat(again.statusCode()).isEqualTo(202);
        assertThat(Http.text(Http.json(again), "message_id"))
                .isEqualTo(Http.text(Http.json(first), "message_id"));
        assertThat(changed.statusCode()).isEqualTo(409);
        assertThat(Http.text(Http.json(changed), "code")).isEqualTo("message_conflict");
    }

    @Test
    void aSecondMessageIsQueuedAndTheTwentyFirstIsRefused() throws Exception {
        assertThat(status(Http.ask(gateway.port(), session, "1"))).isEqualTo("accepted");
        for (int i = 2; i <= 20; i++) {
            assertThat(status(Http.ask(gateway.port(), session, "" + i))).isEqualTo("queued");
        }
        HttpResponse<String> full = Http.ask(gateway.port(), session, "21");
        assertThat(full.statusCode()).isEqualTo(429);
        assertThat(full.headers().firstValue("Retry-After")).contains("5");
        assertThat(Http.text(Http.json(full), "code")).isEqualTo("too_many_waiting");
    }

    private static String status(HttpResponse<String> response) {
        return Http.text(Http.json(response), "status");
    }

    @Test
    void aSessionBelongsToTheFirstUserThatNamesIt() throws Exception {
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            stream.events(1);
            HttpResponse<String> post =
                    Http.send(
                            Http.chat(
                                    gateway.port(),
                                    """
                                    {"session_id":"%s","user_id":"user2","message":"hi"}
                                    """
                                            .formatted(session)));
            HttpResponse<String> get =
                    Http.get(other.port(), "/api/sse?session_id=" + session + "&user_id=user2");
            assertThat(post.statusCode()).isEqualTo(404);
            assertThat(get.statusCode()).isEqualTo(404);
            assertThat(Http.text(Http.json(post), "code")).isEqualTo("session_not_found");
            assertThat(post.body()).isEqualTo(get.body());
            assertThat(servers.members(session)).hasSize(1);
        }
    }
}
