package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The list of sessions, pages of messages, branches and erasing, on real servers.
final class ConversationRoutesTest {

    private TestServers servers;
    private Gateway gateway;
    private final String session = TestServers.newSession();

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

    private HttpResponse<String> post(String path, ObjectNode body) throws Exception {
        return Http.send(
                Http.request(gateway.port(), path)
                        .header("Content-Type", "application/json")
                        .POST(
                                BodyPublishers.ofString(
                                        new String(Json.bytes(body), StandardCharsets.UTF_8))));
    }

    private ObjectNode body(String user) {
        return Json.object().put("session_id", session).put("user_id", user);
    }

    private HttpResponse<String> chat(String id, String text, @Nullable String parent)
            throws Exception {
        return post(
                "/api/chat",
                body("user1").put("message_id", id).put("message", text).put("parent_id", parent));
    }

    private HttpResponse<String> regenerate(String message, String user) throws Exception {
        return post("/api/messages/" + message + "/regenerate", body(user));
    }

    private HttpResponse<String> delete(String user) throws Exception {
        return Http.send(
                Http.request(gateway.port(), "/api/sessions/" + session + "?user_id=" + user)
                        .DELETE());
    }

    private HttpResponse<String> messages(String more) throws Exception {
        return Http.get(
                gateway.port(), "/api/sessions/" + session + "/messages?user_id=user1" + more);
    }

    private String code(HttpResponse<String> problem) {
        return problem.statusCode() + " " + Http.text(Http.json(problem), "code");
    }

    /// Answers the session's oldest message as a worker does.
    private WorkflowRequest answer(String text) {
        Answering worker = servers.answering(session);
        WorkflowRequest request = worker.claim();
        worker.ends(text);
        servers.settle(session);
        return request;
    }

    private void converse(String id) throws Exception {
        chat(id, "ask " + id, null);
        answer("answer " + id);
    }

    @Test
    void aUsersSessionsAndTheirMessagesComePageByPage() throws Exception {
        converse("m1");
        converse("m2");
        converse("m3");

        ObjectNode listed =
                Http.json(Http.get(gateway.port(), "/api/sessions?user_id=user1&limit=5"));
        JsonNode only = listed.get("sessions").get(0);
        assertThat(listed.get("sessions")).hasSize(1);
        assertThat(only.get("session_id").stringValue()).isEqualTo(session);
        assertThat(only.get("title").stringValue()).isEqualTo("ask m1");
        assertThat(listed.get("next").isNull()).isTrue();

        ObjectNode newest = Http.json(messages("&limit=2"));
        assertThat(newest.get("messages").get(0).get("message_id").stringValue()).isEqualTo("m2");
        assertThat(newest.get("more").booleanValue()).isTrue();
        ObjectNode older = Http.json(messages("&limit=2&before=m2"));
        assertThat(older.get("messages").get(0).get("message_id").stringValue()).isEqualTo("m1");
        assertThat(older.get("more")).isNull();
    }

    @Test
    void aPageThatMakesNoSenseIsRefused() throws Exception {
        converse("m1");

        assertThat(code(messages("&limit=0"))).isEqualTo("400 invalid_field");
        assertThat(code(messages("&limit=51"))).isEqualTo("400 invalid_field");
        assertThat(code(messages("&before=a.b"))).isEqualTo("400 invalid_id");
        for (String query : List.of("&before=5", "&before=x.s", "&limit=101", "&before=1.a.b")) {
            assertThat(Http.get(gateway.port(), "/api/sessions?user_id=user1" + query).statusCode())
                    .as(query)
                    .isEqualTo(400);
        }
        assertThat(code(Http.get(gateway.port(), "/api/sessions"))).isEqualTo("400 missing_field");
    }

    @Test
    void aRegeneratedAnswerIsAnotherBranchOfTheSameTurn() throws Exception {
        converse("m1");
        converse("m2");

        HttpResponse<String> again = regenerate("m2", "user1");

        assertThat(again.statusCode()).as(again.body()).isEqualTo(202);
        WorkflowRequest asked = answer("otherwise");
        assertThat(asked.messageId().value())
                .isEqualTo(Http.text(Http.json(again), "message_id"))
                .isNotEqualTo("m2");
        JsonNode turn = Http.json(messages("")).get("messages").get(2);
        assertThat(turn.get("text").stringValue()).isEqualTo("ask m2");
        assertThat(turn.get("parent_id").stringValue()).isEqualTo("m1");
        assertThat(turn.get("answer").stringValue()).isEqualTo("otherwise");
    }

    @Test
    void theFirstTurnCanBeRegeneratedAndEdited() throws Exception {
        converse("m1");
        regenerate("m1", "user1");
        answer("otherwise");
        chat("m3", "edited", "");
        answer("to the edited");

        assertThat(Http.json(messages("")).get("messages"))
                .hasSize(3)
                .allSatisfy(turn -> assertThat(turn.get("parent_id").isNull()).isTrue());
    }

    @Test
    void theSameKeyRegeneratesOnce() throws Exception {
        converse("m1");
        String path = "/api/messages/m1/regenerate";
        List<String> ids = new java.util.ArrayList<>();
        for (int i = 0; i < 2; i++) {
            HttpResponse<String> answer =
                    Http.send(
                            Http.request(gateway.port(), path)
                                    .header("Content-Type", "application/json")
                                    .header("Idempotency-Key", "k")
                                    .POST(
                                            BodyPublishers.ofString(
                                                    new String(
                                                            Json.bytes(body("user1")),
                                                            StandardCharsets.UTF_8))));
            ids.add(Http.text(Http.json(answer), "message_id"));
        }

        assertThat(ids.get(0)).isEqualTo(ids.get(1));
    }

    @Test
    void aParentMustBeAMessageOfTheUsersSession() throws Exception {
        converse("m1");

        assertThat(code(chat("m2", "hi", "nobody"))).isEqualTo("404 message_not_found");
        assertThat(code(regenerate("nobody", "user1"))).isEqualTo("404 message_not_found");
        assertThat(code(regenerate("m1", "thief"))).isEqualTo("404 message_not_found");
        ObjectNode foreign = body("thief").put("message", "hi").put("parent_id", "m1");
        assertThat(code(post("/api/chat", foreign))).isEqualTo("404 session_not_found");
        assertThat(chat("m2", "hi", "m1").statusCode()).isEqualTo(202);
    }

    @Test
    void aPageWhoseConversationWasLostContinues() throws Exception {
        converse("m1");
        servers.redisSays("FLUSHALL");

        assertThat(chat("m2", "hi", "m1").statusCode()).isEqualTo(202);
        answer("again");
        assertThat(chat("m2", "hi", "m1").statusCode()).isEqualTo(202);
        assertThat(chat("m3", "hi", "m2").statusCode()).isEqualTo(202);
        assertThat(code(chat("m4", "hi", "m1"))).isEqualTo("404 message_not_found");
    }

    @Test
    void afterADeleteNothingOfTheSessionIsLeft() throws Exception {
        converse("m1");
        chat("m2", "asked", null);
        servers.answering(session).claim();
        chat("m3", "waiting", null);
        servers.refuses(session);

        assertThat(delete("thief").statusCode()).isEqualTo(404);
        assertThat(messages("").statusCode()).isEqualTo(200);
        assertThat(servers.queued(session)).isEqualTo(4);
        assertThat(delete("user1").statusCode()).isEqualTo(204);

        // The worker had begun: another worker must remove the data that it might have left at
        // a service. The ids of the messages are kept for a minute.
        assertThat(servers.keysNaming(session))
                .containsExactlyInAnyOrder(
                        Keys.CLEANUPS, Keys.CLEANUP_DETAILS, Keys.erased(new SessionId(session)));
        assertThat(servers.queued(session)).isZero();
        assertThat(messages("").statusCode()).isEqualTo(404);
        assertThat(delete("user1").statusCode()).isEqualTo(404);
        assertThat(Http.get(gateway.port(), "/api/sessions?user_id=user1").body())
                .isEqualTo("{\"sessions\":[],\"next\":null}");
    }

    @Test
    void readersOfADeletedSessionLearnThatItIsEmpty() throws Exception {
        try (EventStream tab = EventStream.open(gateway.port(), session)) {
            converse("m1");
            tab.events(4);
            chat("m2", "asked", null);
            tab.events(5);

            delete("user1");

            EventStream.Event told = tab.events(6).getLast();
            assertThat(told.name()).isEqualTo("resync");
            assertThat(told.data()).startsWith("{\"reason\":\"deleted\",\"messages\":[],");
            chat(Ids.mint("msg_"), "anew", null);
            assertThat(tab.events(7).getLast().name()).isEqualTo("message");
        }
    }
}
