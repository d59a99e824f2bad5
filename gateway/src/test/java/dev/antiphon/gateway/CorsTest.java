package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.gateway.RawHttp.Answer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.http.HttpResponse;

/// Other origins may call only when they are listed (WHATWG Fetch §3.2).
final class CorsTest {

    private static final String ALLOWED = TestServers.ALLOWED_ORIGIN;

    private static TestServers servers;
    private static Gateway gateway;

    @BeforeAll
    static void open() throws InterruptedException {
        servers = TestServers.open();
        gateway = servers.gateway();
    }

    @AfterAll
    static void close() {
        gateway.close();
        servers.close();
    }

    private static Answer send(String method, String path, String headers) throws IOException {
        return RawHttp.exchange(
                gateway.port(),
                method + " " + path + " HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n");
    }

    @Test
    void aPreflightFromAListedOriginIsAnsweredWithWhatItMaySend() throws IOException {
        Answer answer =
                send(
                        "OPTIONS",
                        "/api/chat",
                        "Origin: " + ALLOWED + "\r\nAccess-Control-Request-Method: POST\r\n");
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.headers())
                .containsEntry("access-control-allow-origin", ALLOWED)
                .containsEntry("access-control-allow-methods", "POST, OPTIONS")
                .containsEntry(
                        "access-control-allow-headers",
                        "Content-Type, Authorization, Last-Event-ID, Idempotency-Key")
                .containsEntry("access-control-max-age", "600")
                .containsEntry("vary", "Origin");
    }

    @Test
    void aPreflightFromAnyOtherOriginAllowsNothing() throws IOException {
        for (String origin :
                new String[] {
                    "https://evil.example", "null", ALLOWED + ".evil", "http://chat.example"
                }) {
            Answer answer =
                    send(
                            "OPTIONS",
                            "/api/chat",
                            "Origin: " + origin + "\r\nAccess-Control-Request-Method: POST\r\n");
            assertThat(answer.headers().keySet())
                    .noneMatch(name -> name.startsWith("access-control"));
        }
    }

    @Test
    void optionsWithoutAPreflightTellTheMethods() throws IOException {
        Answer answer = send("OPTIONS", "/api/sse", "");
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.headers()).containsEntry("allow", "GET, OPTIONS");
        assertThat(send("OPTIONS", "/nowhere", "").status()).isEqualTo(404);
    }

    @Test
    void answersAndProblemsAreReadableForListedOriginsOnly() throws Exception {
        for (String path : new String[] {"/health", "/nowhere", "/antiphon.js"}) {
            Answer listed = send("GET", path, "Origin: " + ALLOWED + "\r\n");
            assertThat(listed.headers())
                    .containsEntry("access-control-allow-origin", ALLOWED)
                    .containsEntry("access-control-expose-headers", "Retry-After");
            Answer other = send("GET", path, "Origin: https://evil.example\r\n");
            assertThat(other.headers())
                    .doesNotContainKey("access-control-allow-origin")
                    .containsEntry("vary", "Origin");
        }
    }

    @Test
    void aStreamIsReadableForListedOrigins() throws Exception {
        try (EventStream stream =
                EventStream.open(
                        gateway.port(),
                        TestServers.newSession(),
                        request -> request.header("Origin", ALLOWED))) {
            assertThat(stream.response().headers().firstValue("Access-Control-Allow-Origin"))
                    .contains(ALLOWED);
        }
    }

    @Test
    void aPostFromAListedOriginIsTaken() throws Exception {
        HttpResponse<String> response =
                Http.send(
                        Http.chat(
                                        gateway.port(),
                                        "{\"session_id\":\"%s\",\"user_id\":\"u\",\"message\":\"m\"}"
                                                .formatted(TestServers.newSession()))
                                .header("Origin", ALLOWED));
        assertThat(response.statusCode()).isEqualTo(202);
        assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).contains(ALLOWED);
    }
}
