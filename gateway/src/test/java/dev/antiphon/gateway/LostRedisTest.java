package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.DatabaseSettings;
import dev.antiphon.backplane.RedisSettings;
import dev.antiphon.backplane.Retention;
import dev.antiphon.backplane.log.WorkState;
import dev.antiphon.gateway.http.Origins;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.servers.PostgresServer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.node.ObjectNode;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The users' view of a run that waits for them when Redis loses everything and PostgreSQL has it, on real servers.
final class LostRedisTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private static final List<AutoCloseable> OPENED = new ArrayList<>();
    private static TestServers servers;
    private static Gateway gateway;
    private static Backplane backplane;

    private String session;
    private String message;

    @BeforeAll
    static void open() throws Exception {
        servers = TestServers.open();
        OPENED.add(servers);
        PostgresServer postgres = PostgresServer.start();
        OPENED.add(postgres);
        BackplaneSettings settings =
                new BackplaneSettings(
                        servers.nats.url(),
                        new RedisSettings(
                                "127.0.0.1", servers.redis.port(), null, Duration.ofSeconds(2)),
                        Retention.USUAL,
                        Optional.of(DatabaseSettings.of(postgres.url(), Duration.ofSeconds(2))));
        backplane = Backplane.open(settings, "test");
        OPENED.add(backplane);
        gateway =
                Gateway.open(
                        new GatewayConfig(
                                settings,
                                "127.0.0.1",
                                0,
                                null,
                                new PodId(Ids.mint("pod_")),
                                new Origins(Set.of()),
                                1_000));
        OPENED.add(gateway);
    }

    @AfterAll
    static void close() throws Exception {
        for (AutoCloseable each : OPENED.reversed()) {
            each.close();
        }
    }

    @BeforeEach
    void park() throws Exception {
        session = TestServers.newSession();
        message = Http.text(Http.json(Http.ask(gateway.port(), session, "hi")), "message_id");
        Answering worker = new Answering(backplane, new SessionId(session));
        worker.claim();
        worker.parks();
        await().atMost(SOON)
                .until(() ->
                        backplane
                                        .log()
                                        .workState(new SessionId(session), new MessageId(message))
                                        .toCompletableFuture()
                                        .join()
                                instanceof WorkState.AtRest); // so it is in PostgreSQL
    }

    private HttpResponse<String> messages(String user) throws Exception {
        return Http.get(gateway.port(), "/api/sessions/" + session + "/messages?user_id=" + user);
    }

    private HttpResponse<String> post(String what, String user) throws Exception {
        ObjectNode body = Json.object().put("session_id", session).put("user_id", user);
        body.put("answer", "yes");
        return Http.send(
                Http.request(gateway.port(), "/api/messages/" + message + "/" + what)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body.toString())));
    }

    private List<EventStream.Event> follow() throws Exception {
        String cursor = Http.text(Http.json(messages("user1")), "cursor");
        try (EventStream tab = EventStream.resume(gateway.port(), session, cursor)) {
            return tab.events(3);
        }
    }

    @Test
    void anOpenAndAReopenedPageGetTheQuestionAgainAndTheirAnswerIsAccepted() throws Exception {
        try (EventStream open = EventStream.open(gateway.port(), session)) {
            open.events(3);
            servers.redisSays("FLUSHALL");

            assertThat(messages("thief").statusCode()).isEqualTo(404);
            List<EventStream.Event> anew = follow();
            assertThat(anew.get(1).data()).contains(message, "\"text\":\"hi\"");
            assertThat(anew.get(2).data()).contains("interrupt");
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(open.names())
                                    .containsExactly(
                                            "connected",
                                            "message",
                                            "chunk",
                                            "resync",
                                            "message",
                                            "chunk"));

            assertThat(post("resume", "user1").statusCode()).isEqualTo(202);
            assertThat(open.events(7).getLast().data()).contains("resumed");
        }
    }

    @Test
    void aRunThatWasNotOpenedSinceIsCancelledPermanently() throws Exception {
        servers.redisSays("FLUSHALL");

        assertThat(post("cancel", "thief").statusCode()).isEqualTo(404);
        HttpResponse<String> cancelled = post("cancel", "user1");

        assertThat(cancelled.statusCode()).as(cancelled.body()).isEqualTo(202);
        assertThat(Http.text(Http.json(cancelled), "status")).isEqualTo("cancelled");
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(messages("user1").body())
                                .contains(message, "\"finish_reason\":\"cancelled\""));
        servers.redisSays("FLUSHALL");
        assertThat(post("cancel", "user1").statusCode()).as("its row is gone").isEqualTo(404);
        assertThat(messages("user1").body()).contains(message);
    }

    @Test
    void aSessionThatWasNotOpenedSinceIsDeletedPermanently() throws Exception {
        servers.redisSays("FLUSHALL");

        HttpResponse<String> deleted =
                Http.send(
                        Http.request(gateway.port(), "/api/sessions/" + session + "?user_id=user1")
                                .DELETE());

        assertThat(deleted.statusCode()).isEqualTo(204);
        assertThat(messages("user1").statusCode()).isEqualTo(404);
        assertThat(post("resume", "user1").statusCode()).isEqualTo(404);
    }
}
