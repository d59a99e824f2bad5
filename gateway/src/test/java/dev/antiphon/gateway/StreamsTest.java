package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/// `POST /api/streams` over HTTP.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
@Timeout(60)
final class StreamsTest {

    private TestServers servers;

    @BeforeEach
    void open() throws InterruptedException {
        servers = TestServers.open();
    }

    @AfterEach
    void close() {
        servers.close();
    }

    private static String body(List<String> sessions) {
        return sessions.stream()
                .map("{\"session_id\":\"%s\"}"::formatted)
                .collect(Collectors.joining(",", "{\"user_id\":\"user1\",\"sessions\":[", "]}"));
    }

    private static HttpResponse<String> refusal(int port, String body) throws Exception {
        return Http.send(
                Http.request(port, "/api/streams")
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body)));
    }

    @Test
    void oneConnectionCarriesTheMessagesOfThirtyTwoSessions() throws Exception {
        List<String> sessions =
                Collections.nCopies(32, "").stream().map(_ -> TestServers.newSession()).toList();
        try (Gateway gateway = servers.gateway();
                EventStream stream = EventStream.openSeveral(gateway.port(), body(sessions))) {
            await().until(() -> count(stream, "connected") == 32);
            for (String session : sessions) {
                assertThat(Http.ask(gateway.port(), session, "for " + session).statusCode())
                        .isEqualTo(202);
            }
            await().until(() -> count(stream, "message") == 32);
            String named = "";
            for (EventStream.Event event : stream.events()) {
                if (event.name().equals("session")) {
                    named = Http.text(Http.json(event.data()), "session_id");
                } else if (event.name().equals("message")) {
                    assertThat(event.data()).contains("for " + named + "\"");
                }
            }
            assertThat(servers.pods(sessions.getLast())).hasSize(1);
        }
        assertThat(servers.members(sessions.getFirst())).isEmpty();
    }

    private static long count(EventStream stream, String name) {
        return stream.names().stream().filter(name::equals).count();
    }

    @Test
    void theSessionOfAnotherIsRefusedAndTheOtherOneShown() throws Exception {
        String mine = TestServers.newSession();
        String foreign = TestServers.newSession();
        try (Gateway gateway = servers.gateway()) {
            Http.askAs("user2", gateway.port(), foreign, "secret");
            try (EventStream stream =
                    EventStream.openSeveral(gateway.port(), body(List.of(foreign, mine)))) {
                await().until(() -> stream.names().contains("connected"));
                Http.ask(gateway.port(), mine, "hi");
                await().until(() -> stream.names().contains("message"));
                assertThat(stream.text())
                        .contains("event: refused\ndata: {\"session_id\":\"" + foreign + "\"")
                        .doesNotContain("secret");
            }
        }
    }

    @Test
    void aBodyWithoutSessionsIsRefused() throws Exception {
        try (Gateway gateway = servers.gateway()) {
            int port = gateway.port();
            assertThat(refusal(port, "{\"user_id\":\"user1\"}").body()).contains("missing_field");
            assertThat(refusal(port, body(List.of())).body()).contains("invalid_field");
            assertThat(refusal(port, body(Collections.nCopies(33, "s"))).body())
                    .contains("a list of 1 to 32");
            assertThat(refusal(port, body(List.of("a b"))).body()).contains("invalid_id");
            assertThat(refusal(port, "{\"user_id\":\"user1\",\"sessions\":[1]}").statusCode())
                    .isEqualTo(400);
        }
    }

    @Test
    void moreSessionsThanThePodHasRoomForAreRefused() throws Exception {
        try (Gateway gateway = Gateway.open(servers.config(0, null, 10))) {
            HttpResponse<String> refused =
                    refusal(gateway.port(), body(Collections.nCopies(11, "s")));
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("Retry-After")).contains("5");
        }
    }
}
