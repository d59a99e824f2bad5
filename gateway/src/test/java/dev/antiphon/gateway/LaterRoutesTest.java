package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.catalog.Offer;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.node.ObjectNode;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Cancel, history and metrics, on real servers.
final class LaterRoutesTest {

    private TestServers servers;
    private Gateway gateway;

    @BeforeEach
    void open() throws InterruptedException {
        servers = TestServers.open();
        gateway = servers.gateway();
    }

    @AfterEach
    void close() {
        gateway.close();
        servers.close();
    }

    private HttpResponse<String> cancel(String session, String message, String user)
            throws Exception {
        return Http.send(
                Http.request(gateway.port(), "/api/messages/" + message + "/cancel")
                        .header("Content-Type", "application/json")
                        .POST(
                                BodyPublishers.ofString(
                                        "{\"session_id\":\""
                                                + session
                                                + "\",\"user_id\":\""
                                                + user
                                                + "\"}")));
    }

    @Test
    void aCancelledMessageEndsForEveryReaderThoughNoWorkerIsThere() throws Exception {
        String session = TestServers.newSession();
        try (EventStream tab = EventStream.open(gateway.port(), session)) {
            ObjectNode asked = Http.json(Http.ask(gateway.port(), session, "hi"));
            String message = Http.text(asked, "message_id");

            HttpResponse<String> answer = cancel(session, message, "user1");

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
            assertThat(Http.text(Http.json(answer), "status")).isEqualTo("cancelled");
            assertThat(tab.events(4).getLast().data()).contains("\"finish_reason\":\"cancelled\"");
            assertThat(Http.text(Http.json(cancel(session, message, "user1")), "status"))
                    .isEqualTo("ended");
            await().untilAsserted(() ->
                    assertThat(
                                    Http.get(
                                                    gateway.port(),
                                                    "/api/sessions/"
                                                            + session
                                                            + "/messages?user_id=user1")
                                            .body())
                            .contains(message, "\"finish_reason\":\"cancelled\""));
        }
    }

    @Test
    void aCancelledAnswerNamesTheModelThatWouldHaveAnswered() throws Exception {
        assertThat(modelOfCancelled(Json.object())).isEqualTo("unknown"); // no offers yet
        servers.offers(
                model("openai", "gpt-a", false),
                model("openai", "gpt-b", true),
                model("ollama", "llama", false),
                model("langgraph", null, false),
                model("gemini", "one", false),
                model("gemini", "two", false));

        assertThat(modelOfCancelled(Json.object())).isEqualTo("gpt-b");
        assertThat(modelOfCancelled(Json.object().put("model", "gpt-c"))).isEqualTo("gpt-c");
        for (String[] each :
                new String[][] {
                    {"openai", "gpt-b"},
                    {"ollama", "llama"},
                    {"langgraph", "langgraph"},
                    {"gemini", "gemini"},
                    {"other", "other"}
                }) {
            assertThat(modelOfCancelled(Json.object().put("ai_provider", each[0])))
                    .isEqualTo(each[1]);
        }
    }

    private static Offer model(String provider, @Nullable String model, boolean isDefault) {
        ObjectNode details = Json.object().put("provider", provider);
        details.put("model", model).put("default", isDefault);
        return new Offer(Offer.Kind.MODEL, provider + "/" + model, details);
    }

    private String modelOfCancelled(ObjectNode context) throws Exception {
        String session = TestServers.newSession();
        ObjectNode body = Json.object().put("session_id", session).put("user_id", "user1");
        body.put("message", "hi").set("context", context);
        HttpResponse<String> asked =
                Http.send(
                        Http.request(gateway.port(), "/api/chat")
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofString(body.toString())));
        cancel(session, Http.text(Http.json(asked), "message_id"), "user1");
        try (EventStream tab = EventStream.open(gateway.port(), session)) {
            String chunk = tab.events(4).get(2).data();
            return Json.readObject(chunk.getBytes(StandardCharsets.UTF_8))
                    .path("metadata")
                    .path("model")
                    .stringValue("");
        }
    }

    @Test
    void anotherUsersMessageCannotBeCancelledAndIsNotShown() throws Exception {
        String session = TestServers.newSession();
        String message =
                Http.text(Http.json(Http.ask(gateway.port(), session, "hi")), "message_id");

        assertThat(cancel(session, message, "thief").statusCode()).isEqualTo(404);
        assertThat(cancel(session, Ids.mint("msg_"), "user1").statusCode()).isEqualTo(404);
        assertThat(cancel(session, "a.b", "user1").statusCode()).isEqualTo(400);
        assertThat(
                        Http.get(
                                        gateway.port(),
                                        "/api/sessions/" + session + "/messages?user_id=thief")
                                .statusCode())
                .isEqualTo(404);
    }

    private int resume(String session, String message, String user, String answer)
            throws Exception {
        return resume(message, answer(session, user, answer));
    }

    private static ObjectNode answer(String session, String user, String answer) {
        return Json.object().put("session_id", session).put("user_id", user).put("answer", answer);
    }

    private int resume(String message, ObjectNode body) throws Exception {
        return Http.send(
                        Http.request(gateway.port(), "/api/messages/" + message + "/resume")
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofString(body.toString())))
                .statusCode();
    }

    @Test
    void aRunThatWaitsForItsUserContinuesWithTheAnswer() throws Exception {
        String session = TestServers.newSession();
        try (EventStream tab = EventStream.open(gateway.port(), session)) {
            String message =
                    Http.text(Http.json(Http.ask(gateway.port(), session, "hi")), "message_id");
            assertThat(resume(session, message, "user1", "yes")).isEqualTo(409);
            Answering worker = servers.answering(session);
            worker.claim();
            worker.parks();

            assertThat(resume(session, message, "thief", "yes")).isEqualTo(404);
            assertThat(resume(session, message, "user1", "yes")).isEqualTo(202);
            assertThat(resume(session, message, "user1", "yes")).isEqualTo(202); // the same again
            assertThat(resume(session, message, "user1", "no")).isEqualTo(409);

            assertThat(tab.events(4).getLast().data())
                    .contains("\"status\":\"resumed\",\"answer\":\"yes\"");
            worker.claim();
            cancel(session, message, "user1");
            assertThat(tab.events(6).getLast().name()).isEqualTo("message_complete");
        }
    }

    @Test
    void anAnswerToOneQuestionDoesNotAnswerTheNext() throws Exception {
        String session = TestServers.newSession();
        try (EventStream tab = EventStream.open(gateway.port(), session)) {
            String message =
                    Http.text(Http.json(Http.ask(gateway.port(), session, "hi")), "message_id");
            Answering worker = servers.answering(session);
            worker.claim();
            worker.parks();
            ObjectNode yes = answer(session, "user1", "yes").put("chunk_id", 0);
            assertThat(resume(message, yes)).isEqualTo(202);
            worker.claim();
            worker.parks();

            assertThat(resume(message, yes)).isEqualTo(202); // the same call again
            assertThat(resume(message, answer(session, "user1", "no").put("chunk_id", 0)))
                    .isEqualTo(409);
            assertThat(resume(message, yes.deepCopy().put("chunk_id", 2))).isEqualTo(202);
            assertThat(resume(message, yes.deepCopy().put("chunk_id", "x"))).isEqualTo(400);

            List<EventStream.Event> events = tab.events(6);
            assertThat(events.get(4).data()).contains("interrupt");
            assertThat(events.get(5).data()).contains("resumed");
        }
    }

    @Test
    void aSessionsMessagesComeWithTheCursorToFollowFrom() throws Exception {
        String session = TestServers.newSession();
        Http.ask(gateway.port(), session, "hi");

        HttpResponse<String> answer =
                Http.get(gateway.port(), "/api/sessions/" + session + "/messages?user_id=user1");

        assertThat(answer.statusCode()).isEqualTo(200);
        ObjectNode json = Http.json(answer);
        assertThat(json.get("messages").isEmpty()).isTrue(); // nothing has ended
        try (EventStream tab =
                EventStream.resume(gateway.port(), session, Http.text(json, "cursor"))) {
            assertThat(tab.events(2).getLast().name()).isEqualTo("message");
        }
    }

    @Test
    void workersOffersCanBeNamed() throws Exception {
        servers.offers(
                new Offer(Offer.Kind.MODEL, "demo/", Json.object().put("provider", "demo")),
                new Offer(Offer.Kind.WORKFLOW, "plan", Json.object().put("name", "plan")));

        assertThat(Http.get(gateway.port(), "/api/models").body())
                .isEqualTo("{\"models\":[{\"provider\":\"demo\"}]}");
        assertThat(Http.get(gateway.port(), "/api/workflows").body())
                .isEqualTo("{\"workflows\":[{\"name\":\"plan\"}]}");
    }

    @Test
    void metricsTellWhatIsOpenAndWhatWasRelayed() throws Exception {
        String session = TestServers.newSession();
        try (EventStream tab = EventStream.open(gateway.port(), session)) {
            Http.ask(gateway.port(), session, "hi");
            tab.events(2);

            await().untilAsserted(() ->
                    assertThat(Http.get(gateway.port(), "/metrics").body())
                            .contains("chat_connections_active 1.0")
                            .contains("chat_sessions_active 1.0")
                            .contains("chat_server_connected{server=\"nats\"} 1.0")
                            .contains("chat_server_connected{server=\"redis\"} 1.0")
                            .contains("chat_relay_seconds_count 1")
                            .contains("chat_stream_incidents_total{kind=\"gap\"}")
                            .contains("jvm_memory_used_bytes"));
        }
    }
}
