package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.protocol.Json;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A user's list on `POST /api/streams`, with two pods: one that the user asks, one that shows the list.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
@Timeout(60)
final class UserListTest {

    private TestServers servers;
    private Gateway asked;
    private Gateway shows;
    private final String session = TestServers.newSession();

    @BeforeEach
    void open() throws InterruptedException {
        servers = TestServers.open();
        asked = servers.gateway();
        shows = servers.gateway();
    }

    @AfterEach
    void close() {
        shows.close();
        asked.close();
        servers.close();
    }

    private EventStream list(String user) throws Exception {
        return EventStream.openSeveral(
                shows.port(), "{\"user_id\":\"%s\",\"list\":true}".formatted(user));
    }

    /// The events of a list in a stream, in short form: `whole`, or `running title` for each session in it.
    private List<String> listEvents(EventStream stream) {
        List<String> told = new ArrayList<>();
        for (EventStream.Event event : stream.events()) {
            if (event.name().equals("list")) {
                ObjectNode list = Http.json(event.data());
                if (list.get("whole").booleanValue()) {
                    told.add("whole");
                }
                for (JsonNode each : list.get("sessions")) {
                    assertThat(each.get("session_id").stringValue()).isEqualTo(session);
                    told.add(
                            (each.get("state").stringValue()
                                            + " "
                                            + each.get("title").stringValue())
                                    .strip());
                }
            }
        }
        return told;
    }

    private void awaitTold(EventStream stream, String... all) {
        await().atMost(Duration.ofSeconds(45))
                .untilAsserted(() -> assertThat(listEvents(stream)).containsExactly(all));
    }

    private HttpResponse<String> send(String method, String path, ObjectNode body)
            throws Exception {
        return Http.send(
                Http.request(asked.port(), path)
                        .header("Content-Type", "application/json")
                        .method(
                                method,
                                BodyPublishers.ofString(
                                        new String(Json.bytes(body), StandardCharsets.UTF_8))));
    }

    private HttpResponse<String> rename(String user, String title) throws Exception {
        return send(
                "PATCH",
                "/api/sessions/" + session,
                Json.object().put("user_id", user).put("title", title));
    }

    @Test
    void eachChangeArrivesOnAnotherPodAndAtNoOtherUser() throws Exception {
        try (EventStream mine = list("user1");
                EventStream foreign = list("user2")) {
            awaitTold(mine, "whole");
            awaitTold(foreign, "whole");

            Http.ask(asked.port(), session, "which  tea?");
            awaitTold(mine, "whole", "running which tea?");

            Answering worker = servers.answering(session);
            String message = worker.claim().messageId().value();
            worker.parks();
            awaitTold(mine, "whole", "running which tea?", "waiting which tea?");

            send(
                    "POST",
                    "/api/messages/" + message + "/resume",
                    Json.object()
                            .put("session_id", session)
                            .put("user_id", "user1")
                            .put("answer", "green"));
            await().until(() -> listEvents(mine).size() == 4);
            worker = servers.answering(session);
            worker.claim();
            worker.ends("done");
            await().until(() -> listEvents(mine).size() == 5);
            servers.settle(session);
            assertThat(rename("user1", " about\ttea ").statusCode()).isEqualTo(204);
            await().until(() -> listEvents(mine).size() == 6);
            Http.send(
                    Http.request(asked.port(), "/api/sessions/" + session + "?user_id=user1")
                            .DELETE());
            awaitTold(
                    mine,
                    "whole",
                    "running which tea?",
                    "waiting which tea?",
                    "running which tea?",
                    "idle which tea?",
                    "idle about tea",
                    "deleted");
            assertThat(listEvents(foreign)).containsExactly("whole");
            assertThat(servers.keysNaming(session)).doesNotContain("chat:active:user1");
        }
    }

    @Test
    void aChangeWithoutAHintIsFoundByTheNextRead() throws Exception {
        Http.ask(asked.port(), session, "hi");
        try (EventStream mine = list("user1")) {
            awaitTold(mine, "whole", "running hi"); // also for a session without an answer yet
            Answering worker = servers.answering(session);
            worker.claim();
            worker.endsUnheard("done");
            awaitTold(mine, "whole", "running hi", "whole");
            assertThat(Http.get(shows.port(), "/metrics").body())
                    .contains("chat_stream_incidents_total{kind=\"list_repaired\"} 1.0");
        }
    }

    @Test
    void theListAndSessionsShareAStreamThatEndsWhenThePodStops() throws Exception {
        try (EventStream both =
                        EventStream.openSeveral(
                                shows.port(),
                                "{\"user_id\":\"user1\",\"list\":true,\"sessions\":[{\"session_id\":\"%s\"}]}"
                                        .formatted(session));
                EventStream alone = list("user1")) {
            await().until(() -> both.names().contains("connected"));
            Http.ask(asked.port(), session, "hi");
            await().until(() -> both.names().contains("message"));
            awaitTold(both, "whole", "running hi");
            awaitTold(alone, "whole", "running hi");
            assertThat(Http.get(shows.port(), "/metrics").body())
                    .contains("chat_connections_active 3.0");
            shows.close();
            await().until(() -> both.ended() && alone.ended());
        }
    }

    @Test
    void anInvalidListOrTitleIsRefused() throws Exception {
        assertThat(send("POST", "/api/streams", list(Json.object().put("list", "yes"))).body())
                .contains("list must be true or false");
        assertThat(send("POST", "/api/streams", list(Json.object().put("list", false))).body())
                .contains("sessions is required");
        assertThat(rename("user1", "not there").statusCode()).isEqualTo(404);

        Http.ask(asked.port(), session, "hi");
        assertThat(rename("user1", " \t ").body()).contains("invalid_field");
        assertThat(rename("user1", "x".repeat(201)).body()).contains("invalid_field");
        assertThat(rename("user2", "mine now").statusCode()).isEqualTo(404);
        assertThat(rename("user1", "x".repeat(200)).statusCode()).isEqualTo(204);
        try (Gateway small = Gateway.open(servers.config(0, null, 0))) {
            HttpResponse<String> full =
                    Http.send(
                            Http.request(small.port(), "/api/streams")
                                    .header("Content-Type", "application/json")
                                    .POST(
                                            BodyPublishers.ofString(
                                                    "{\"user_id\":\"user1\",\"list\":true}")));
            assertThat(full.statusCode()).isEqualTo(429);
        }
    }

    private static ObjectNode list(ObjectNode body) {
        return body.put("user_id", "user1");
    }
}
