package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.gateway.RawHttp.Answer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Stream;

/// Any input is answered with a clear problem or a closed connection, and the next request is served.
final class BadInputTest {

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

    private static final String GOOD = "{\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"m\"}";

    static Stream<Arguments> bodies() {
        String long129 = "a".repeat(129);
        return Stream.of(
                Arguments.of("", 400, "malformed_json"),
                Arguments.of("{", 400, "malformed_json"),
                Arguments.of("nonsense", 400, "malformed_json"),
                Arguments.of("[]", 400, "malformed_json"),
                Arguments.of("\"text\"", 400, "malformed_json"),
                Arguments.of("null", 400, "malformed_json"),
                Arguments.of(GOOD + GOOD, 400, "malformed_json"),
                Arguments.of("{\"session_id\":\"a\",\"session_id\":\"b\"}", 400, "malformed_json"),
                Arguments.of("[".repeat(30_000), 400, "malformed_json"),
                Arguments.of("{\"a\":" + "9".repeat(5_000) + "}", 400, "malformed_json"),
                Arguments.of("{}", 400, "missing_field"),
                Arguments.of("{\"session_id\":\"s\",\"user_id\":\"u\"}", 400, "missing_field"),
                Arguments.of("{\"session_id\":\"s\",\"message\":\"m\"}", 400, "missing_field"),
                Arguments.of("{\"user_id\":\"u\",\"message\":\"m\"}", 400, "missing_field"),
                Arguments.of(good("message", "null"), 400, "missing_field"),
                Arguments.of(good("message", "\"\""), 400, "invalid_field"),
                Arguments.of(good("message", "7"), 400, "invalid_field"),
                Arguments.of(good("message", "\"\\ud800\""), 400, "invalid_field"),
                Arguments.of(good("session_id", "{}"), 400, "invalid_field"),
                Arguments.of(good("session_id", "\"a.b\""), 400, "invalid_id"),
                Arguments.of(good("session_id", "\"*\""), 400, "invalid_id"),
                Arguments.of(good("session_id", "\"a b\""), 400, "invalid_id"),
                Arguments.of(good("session_id", "\"é\""), 400, "invalid_id"),
                Arguments.of(good("session_id", "\"" + long129 + "\""), 400, "invalid_id"),
                Arguments.of(good("user_id", "\">\""), 400, "invalid_id"),
                Arguments.of(good("message_id", "\"a:b\""), 400, "invalid_id"),
                Arguments.of(good("message_id", "\"\""), 400, "invalid_id"),
                Arguments.of(good("message_id", "1"), 400, "invalid_field"),
                Arguments.of(good("parent_id", "\"../x\""), 400, "invalid_id"),
                Arguments.of(good("context", "[]"), 400, "invalid_field"),
                Arguments.of(good("context", "\"x\""), 400, "invalid_field"),
                Arguments.of(good("context", "{\"temperature\":3}"), 400, "invalid_field"),
                Arguments.of(good("context", "{\"max_tokens\":0}"), 400, "invalid_field"),
                Arguments.of(good("context", "{\"conversation_history\":1}"), 400, "invalid_field"),
                Arguments.of(good("ai_provider", "7"), 400, "invalid_field"),
                Arguments.of(good("model", "{}"), 400, "invalid_field"),
                Arguments.of(good("correlation_id", "7"), 400, "invalid_field"),
                Arguments.of(
                        good("correlation_id", "\"" + "c".repeat(257) + "\""),
                        400,
                        "invalid_field"),
                Arguments.of(
                        good("message", "\"" + "x".repeat(66_000) + "\""), 413, "body_too_large"));
    }

    /// A good body with one more field, which replaces the good field of the same name.
    private static String good(String field, String value) {
        String others =
                Stream.of("session_id", "user_id", "message")
                        .filter(name -> !name.equals(field))
                        .map(name -> "\"" + name + "\":\"x\",")
                        .reduce("", String::concat);
        return "{" + others + "\"" + field + "\":" + value + "}";
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void aBadBodyIsRefused(String body, int status, String code) throws Exception {
        isProblem(Http.send(Http.chat(gateway.port(), body)), status, code);
    }

    static Stream<Arguments> requests() {
        return Stream.of(
                Arguments.of("GET", "/nowhere", 404, "not_found"),
                Arguments.of("GET", "/api", 404, "not_found"),
                Arguments.of("GET", "/api/chat/", 404, "not_found"),
                Arguments.of("GET", "/api/model", 404, "not_found"),
                Arguments.of("POST", "/api/messages/a.b/resume", 400, "invalid_id"),
                Arguments.of("GET", "/api/messages/m1/resume", 405, "method_not_allowed"),
                Arguments.of("POST", "/api/messages/m1/cancel/", 404, "not_found"),
                Arguments.of("POST", "/api/messages//cancel", 404, "not_found"),
                Arguments.of("POST", "/api/messages/a.b/cancel", 400, "invalid_id"),
                Arguments.of("POST", "/api/messages/m1/cancel", 415, "unsupported_media_type"),
                Arguments.of("GET", "/api/messages/m1/cancel", 405, "method_not_allowed"),
                Arguments.of("GET", "/api/sessions/a%20b/messages", 400, "invalid_id"),
                Arguments.of("GET", "/api/sessions/s/messages", 400, "missing_field"),
                Arguments.of("GET", "/%2e%2e/%2e%2e/etc/passwd", 404, "not_found"),
                Arguments.of("GET", "/../../etc/passwd", 404, "not_found"),
                Arguments.of("GET", "/index.html/", 404, "not_found"),
                Arguments.of("GET", "//", 404, "not_found"),
                Arguments.of("GET", "/api/chat", 405, "method_not_allowed"),
                Arguments.of("PUT", "/api/chat", 405, "method_not_allowed"),
                Arguments.of("POST", "/api/sse", 405, "method_not_allowed"),
                Arguments.of("DELETE", "/health", 405, "method_not_allowed"),
                Arguments.of("BREW", "/health", 405, "method_not_allowed"),
                Arguments.of("GET", "/api/sse", 400, "missing_field"),
                Arguments.of("GET", "/api/sse?session_id=s", 400, "missing_field"),
                Arguments.of("GET", "/api/sse?user_id=u", 400, "missing_field"),
                Arguments.of("GET", "/api/sse?session_id=&user_id=u", 400, "missing_field"),
                Arguments.of("GET", "/api/sse?session_id=a.b&user_id=u", 400, "invalid_id"),
                Arguments.of("GET", "/api/sse?session_id=a%2Eb&user_id=u", 400, "invalid_id"),
                Arguments.of("GET", "/api/sse?session_id=%E2%82%AC&user_id=u", 400, "invalid_id"),
                Arguments.of("GET", "/api/sse?session_id=%zz&user_id=u", 400, "invalid_field"),
                Arguments.of("GET", "/api/sse?session_id=s&user_id=%4", 400, "invalid_field"),
                Arguments.of("GET", "/api/sse?session_id=%ff%fe&user_id=u", 400, "invalid_field"),
                Arguments.of("GET", "/api/sse?session_id=\u00e9&user_id=u", 400, "invalid_field"),
                Arguments.of(
                        "GET",
                        "/api/sse?session_id=s&session_id=t&user_id=u",
                        400,
                        "invalid_field"));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void aBadRequestIsRefused(String method, String target, int status, String code)
            throws Exception {
        isProblem(
                RawHttp.exchange(
                        gateway.port(),
                        "%s %s HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
                                .formatted(method, target)),
                status,
                code);
    }

    static Stream<Arguments> types() {
        return Stream.of(
                Arguments.of("application/json", 202),
                Arguments.of("application/json; charset=utf-8", 202),
                Arguments.of("Application/JSON;charset=\"UTF-8\"", 202),
                Arguments.of("application/json; charset=iso-8859-1", 415),
                Arguments.of("application/json; boundary=x", 415),
                Arguments.of("application/x-www-form-urlencoded", 415),
                Arguments.of("text/plain", 415),
                Arguments.of("application/jsonp", 415),
                Arguments.of("", 415));
    }

    @ParameterizedTest
    @MethodSource("types")
    void onlyJsonInUtf8IsTaken(String type, int status) throws Exception {
        Answer answer =
                RawHttp.exchange(
                        gateway.port(),
                        "POST /api/chat HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
                                .formatted(type, good().length(), good()));
        assertThat(answer.status()).isEqualTo(status);
        if (status != 202) {
            isProblem(answer, 415, "unsupported_media_type");
        }
    }

    private static String good() {
        return "{\"session_id\":\"%s\",\"user_id\":\"u\",\"message\":\"m\"}"
                .formatted(TestServers.newSession());
    }

    @Test
    void aCompressedBodyIsRefused() throws Exception {
        isProblem(
                Http.send(Http.chat(gateway.port(), GOOD).header("Content-Encoding", "gzip")),
                415,
                "unsupported_media_type");
    }

    @Test
    void aBodyThatIsNotUtf8IsRefused() throws Exception {
        byte[] body =
                "{\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"\u00ff\"}"
                        .getBytes(StandardCharsets.ISO_8859_1);
        isProblem(
                Http.send(Http.chat(gateway.port(), "").POST(BodyPublishers.ofByteArray(body))),
                400,
                "malformed_json");
    }

    @Test
    void anIdempotencyKeyHasABound() throws Exception {
        isProblem(
                Http.send(
                        Http.chat(gateway.port(), GOOD).header("Idempotency-Key", "k".repeat(257))),
                400,
                "invalid_field");
    }

    static Stream<Arguments> notHttp() {
        return Stream.of(
                Arguments.of("nonsense\r\n\r\n", 400),
                Arguments.of("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n", 400), // TLS
                Arguments.of("GET\r\n\r\n", 400),
                Arguments.of("GET / HTTP/x\r\n\r\n", 400),
                Arguments.of("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
                Arguments.of("GET / HTTP/1.1\r\nbad\u0000name: x\r\n\r\n", 400),
                Arguments.of("POST /api/chat HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
                Arguments.of("POST /api/chat HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
                Arguments.of(
                        "POST /api/chat HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
                        400),
                Arguments.of("GET /" + "a".repeat(5_000) + " HTTP/1.1\r\n\r\n", 431),
                Arguments.of("GET / HTTP/1.1\r\nX: " + "a".repeat(9_000) + "\r\n\r\n", 431),
                Arguments.of("GET / HTTP/1.1\r\n" + "X: y\r\n".repeat(3_000) + "\r\n", 431));
    }

    @ParameterizedTest
    @MethodSource("notHttp")
    void bytesThatAreNotHttpAreAnsweredAndTheConnectionCloses(String request, int status)
            throws Exception {
        try (RawHttp client = RawHttp.connect(gateway.port())) {
            client.send(request);
            Answer answer = client.answer();
            if (answer.status() != 0) { // closed before all was sent, which is fine
                isProblem(answer, status, status == 431 ? "headers_too_large" : "invalid_field");
                assertThat(answer.headers()).containsEntry("connection", "close");
                assertThat(client.isClosedByServer()).isTrue();
            }
        }
        serves();
    }

    @Test
    void anUnknownVersionOfHttpIsAnsweredOrClosed() throws Exception {
        Answer answer = RawHttp.exchange(gateway.port(), "GET / HTTP/3.7\r\nHost: h\r\n\r\n");
        assertThat(answer.status()).isNotEqualTo(500);
        serves();
    }

    @Test
    void aBodyBeyondItsBoundIsRefusedBeforeItIsSent() throws Exception {
        try (RawHttp client = RawHttp.connect(gateway.port())) {
            client.send(head("Content-Length: 70000\r\nExpect: 100-continue\r\n"));
            isProblem(client.answer(), 413, "body_too_large");
        }
    }

    @Test
    void aBodyIsAskedForWhenItsLengthIsFine() throws Exception {
        String body = good();
        try (RawHttp client = RawHttp.connect(gateway.port())) {
            client.send(head("Content-Length: " + body.length() + "\r\nExpect: 100-continue\r\n"));
            assertThat(client.answer().status()).isEqualTo(100);
            client.send(body);
            assertThat(client.answer().status()).isEqualTo(202);
        }
    }

    @Test
    void aChunkedBodyBeyondItsBoundIsRefusedWhileItIsSent() throws Exception {
        try (RawHttp client = RawHttp.connect(gateway.port())) {
            client.send(head("Transfer-Encoding: chunked\r\n"));
            for (int i = 0; i < 9; i++) {
                client.send("2000\r\n" + "x".repeat(0x2000) + "\r\n");
            }
            Answer answer = client.answer();
            isProblem(answer, 413, "body_too_large");
            assertThat(answer.headers()).containsEntry("connection", "close");
            // It can continue to send for a moment, so that its kernel does not discard the answer.
            client.send("2000\r\n" + "x".repeat(0x2000) + "\r\n0\r\n\r\n");
            assertThat(client.isClosedByServer()).isTrue();
        }
    }

    @Test
    void aClientThatNeverStopsSendingIsCutOff() throws Exception {
        try (RawHttp client = RawHttp.connect(gateway.port())) {
            client.send(head("Content-Length: 1000000000\r\n"));
            isProblem(client.answer(), 413, "body_too_large");
            assertThat(client.isClosedByServer()).isTrue(); // although it has much left to send
        }
    }

    @Test
    void aChunkedBodyWithinItsBoundIsTaken() throws Exception {
        String body = good();
        try (RawHttp client = RawHttp.connect(gateway.port())) {
            client.send(head("Transfer-Encoding: chunked\r\n"));
            for (int i = 0; i < body.length(); i++) {
                client.send("1\r\n" + body.charAt(i) + "\r\n");
            }
            client.send("0\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(202);
        }
    }

    @Test
    void brokenChunksCloseTheConnection() throws Exception {
        try (RawHttp client = RawHttp.connect(gateway.port())) {
            client.send(head("Transfer-Encoding: chunked\r\n") + "nonsense\r\n");
            assertThat(client.answer().status()).isIn(0, 400);
        }
        serves();
    }

    @Test
    void aClientThatGoesInMidBodyIsForgotten() throws Exception {
        for (int i = 0; i < 20; i++) {
            try (RawHttp client = RawHttp.connect(gateway.port())) {
                client.send(head("Content-Length: 1000\r\n") + "{\"session_id\":");
            }
        }
        serves();
    }

    @Test
    void aConnectionServesManyRequestsAlsoAfterRefusals() throws Exception {
        try (RawHttp client = RawHttp.connect(gateway.port())) {
            for (int i = 0; i < 3; i++) {
                client.send("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
                assertThat(client.answer().status()).isEqualTo(404);
                client.send(head("Content-Length: 2\r\n") + "{}");
                assertThat(client.answer().status()).isEqualTo(400);
                client.send("GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n");
                assertThat(client.answer().status()).isEqualTo(200);
            }
        }
    }

    @Test
    void streamsBeyondTheBoundAreRefusedUntilOneEnds() throws Exception {
        try (Gateway small = Gateway.open(servers.config(0, null, 2))) {
            String session = TestServers.newSession();
            EventStream one = EventStream.open(small.port(), session);
            try (EventStream _ = EventStream.open(small.port(), session)) {
                HttpResponse<String> refused =
                        Http.get(small.port(), "/api/sse?session_id=" + session + "&user_id=user1");
                isProblem(refused, 429, "too_many_connections");
                assertThat(refused.headers().firstValue("Retry-After")).contains("5");
                one.close();
                await().atMost(Duration.ofSeconds(5))
                        .ignoreExceptions()
                        .until(() -> {
                            EventStream.open(small.port(), session).close();
                            return true;
                        });
            }
        }
    }

    private static String head(String headers) {
        return "POST /api/chat HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                + headers
                + "\r\n";
    }

    private static void serves() throws IOException, InterruptedException {
        assertThat(Http.get(gateway.port(), "/health").statusCode()).isEqualTo(200);
    }

    private static void isProblem(HttpResponse<String> response, int status, String code) {
        assertThat(response.headers().firstValue("Content-Type"))
                .contains("application/problem+json");
        isProblem(response.statusCode(), response.body(), status, code);
    }

    private static void isProblem(Answer answer, int status, String code) {
        assertThat(answer.headers()).containsEntry("content-type", "application/problem+json");
        isProblem(answer.status(), answer.body(), status, code);
        if (status == 405) {
            assertThat(answer.headers().get("allow")).endsWith("OPTIONS");
        }
    }

    private static void isProblem(int found, String body, int status, String code) {
        assertThat(found).as(body).isEqualTo(status);
        ObjectNode problem = Http.json(body);
        assertThat(problem.propertyNames())
                .containsExactly("type", "title", "status", "detail", "code");
        assertThat(problem.get("status").intValue()).isEqualTo(status);
        assertThat(Http.text(problem, "code")).isEqualTo(code);
        assertThat(Http.text(problem, "type")).isEqualTo("urn:antiphon:problem:" + code);
        assertThat(Http.text(problem, "detail")).isNotBlank().doesNotContain("dev.antiphon");
    }
}
