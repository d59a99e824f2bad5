package dev.antiphon.e2e.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream;
import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.Ports;

import io.lettuce.core.RedisClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The shipped nginx configuration in a real nginx, in front of three real gateways.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class NginxTest {
    /// nginx closes a silent response after this time. A shorter one proves the same sooner: heartbeats come often
    /// enough.
    private static final String SHIPPED_SILENCE = "proxy_read_timeout 60s;";

    private static final String SHORTER_SILENCE = "proxy_read_timeout 25s;";
    private static final Duration SILENT_FOR = Duration.ofSeconds(40);

    @TempDir private static Path folder;
    private static Installation installation;
    private static Nginx nginx;
    private static HttpClient http;
    private static EventStream silent;
    private static Installation.Gateway changed;
    private static List<Integer> ports;
    private static long silentSince;

    @BeforeAll
    static void start() throws IOException {
        installation = Installation.open(folder);
        installation.worker(Map.of());
        List<Installation.Gateway> gateways =
                Stream.generate(() -> installation.gateway(Map.of())).limit(3).toList();
        changed = gateways.getFirst();
        ports = gateways.stream().map(Installation.Gateway::port).toList();
        String configuration = Nginx.replace(Nginx.shipped(), SHIPPED_SILENCE, SHORTER_SILENCE);
        nginx = Nginx.start(configuration, Nginx.shippedPort(), folder, gateways);
        http = HttpClient.newHttpClient();
        silent = EventStream.open(nginx.address(), "silent", null);
        silentSince = System.nanoTime();
    }

    @AfterAll
    static void stop() throws Exception {
        // Processes that had not started when the start failed do not exist.
        for (AutoCloseable each : Arrays.asList(silent, http, nginx, installation)) {
            if (each != null) {
                each.close();
            }
        }
    }

    @Test
    @Order(1)
    void theTwoCurlsOfTheReadmeShowTheAnswerOnPort80() throws IOException {
        Path seen = folder.resolve("curl.txt");
        ChildProcess curl =
                ChildProcess.start(
                        new ProcessBuilder(
                                        "curl",
                                        "-sN",
                                        nginx.address() + "/api/sse?session_id=test&user_id=user1")
                                .redirectOutput(seen.toFile()));
        awaitText(seen, "event: connected\ndata: {\"connection_id\":");
        ChildProcess post =
                ChildProcess.start(
                        new ProcessBuilder(
                                        "curl",
                                        "-sX",
                                        "POST",
                                        nginx.address() + "/api/chat",
                                        "-H",
                                        "Content-Type: application/json",
                                        "-d",
                                        """
                                        {
                                            "session_id": "test",
                                            "user_id": "user1",
                                            "message": "Hello, how are you?"
                                          }\
                                        """)
                                .redirectOutput(folder.resolve("post.txt").toFile()));
        assertThat(post.onExit().join()).isZero();
        awaitText(seen, "event: message_complete");
        curl.stop(Duration.ofSeconds(2));

        assertThat(Files.readString(seen))
                .contains("event: chunk\ndata: {\"session_id\":\"test\",")
                .contains("\"chunk_id\":0,\"chunk\":\"I received your \",\"is_final\":false")
                .contains("\"chunk_id\":1,\"chunk\":\"message: 'Hello, how \",\"is_final\":false");
    }

    private static void awaitText(Path file, String text) {
        await(text)
                .atMost(Duration.ofSeconds(20))
                .until(() -> Files.readString(file, StandardCharsets.UTF_8).contains(text));
    }

    @Test
    @Order(2)
    void eachChunkLeavesAsItComes() throws Exception {
        try (EventStream stream = EventStream.open(nginx.address(), "unbuffered", null)) {
            post("unbuffered", "msg_1", "one two three");
            stream.awaitEvent(event -> event.name().equals("message_complete"));

            List<Long> chunks =
                    stream.events().stream()
                            .filter(event -> event.name().equals("chunk"))
                            .map(EventStream.Event::nanos)
                            .toList();
            List<Duration> pauses =
                    IntStream.range(1, chunks.size())
                            .mapToObj(i -> Duration.ofNanos(chunks.get(i) - chunks.get(i - 1)))
                            .sorted()
                            .toList();
            // 100 ms apart at the source. A buffer delivers a few kilobytes at once: then most
            // pauses are zero.
            assertThat(pauses.get(pauses.size() / 2)).isGreaterThan(Duration.ofMillis(50));
        }
    }

    @Test
    @Order(3)
    void aLongBodyIsRefusedByTheGatewayInItsOwnWords() throws Exception {
        HttpResponse<String> answer = post("long", "msg_1", "x".repeat(70_000));

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(JsonMapper.shared().readTree(answer.body()).path("code").asString())
                .isEqualTo("body_too_large");
    }

    @Test
    @Order(3)
    void metricsAreNotForTheWorld() throws Exception {
        assertThat(get("/metrics").statusCode()).isEqualTo(404);
        assertThat(get("/health").statusCode()).isEqualTo(200);
        assertThat(get("/").body()).contains("<title>Antiphon</title>");
    }

    @Test
    @Order(4)
    void aClientOfAKilledGatewayResumesAtAnother() throws Exception {
        EventStream before = EventStream.open(nginx.address(), "killed", null);
        Installation.Gateway serving = installation.gatewayOf("killed");
        post("killed", "msg_1", "alpha ".repeat(60));
        before.awaitEvent(event -> event.data().path("chunk_id").asInt(-1) == 4);

        serving.process().kill();
        await("the stream to end").until(() -> !before.isOpen());
        try (EventStream after =
                EventStream.open(nginx.address(), "killed", before.lastEventId())) {
            after.awaitEvent(event -> event.name().equals("message_complete"));

            List<JsonNode> chunks =
                    Stream.of(before, after)
                            .flatMap(stream -> stream.events().stream())
                            .filter(event -> event.name().equals("chunk"))
                            .map(EventStream.Event::data)
                            .toList();
            assertThat(chunks)
                    .extracting(chunk -> chunk.path("chunk_id").asInt())
                    .isEqualTo(IntStream.range(0, chunks.size()).boxed().toList());
            assertThat(chunks.getLast().path("is_final").asBoolean()).isTrue();
        }
        before.close();

        // The dead gateway is still in the configuration, without visible effects.
        for (int i = 0; i < 6; i++) {
            assertThat(get("/health").statusCode()).isEqualTo(200);
            assertThat(post("others-" + i, "msg_1", "hi").statusCode()).isEqualTo(202);
        }
        changed = installation.gateway(serving.port(), Map.of());
    }

    @Test
    @Order(6)
    void aMessageThatOneGatewayDoesNotServeIsTakenByAnother() throws Exception {
        int port = changed.port();
        changed.process().kill();
        // It listens, and answers 503 to messages until its Redis is available.
        installation.startGateway(port, Map.of("REDIS_PORT", "" + Ports.free()));
        URI live = URI.create("http://127.0.0.1:" + port + "/health/live");
        await("the gateway to listen")
                .atMost(Duration.ofSeconds(20))
                .ignoreExceptions()
                .until(() -> status(live) == 200);
        assertThat(status(URI.create("http://127.0.0.1:" + port + "/health/ready"))).isEqualTo(503);

        for (int i = 0; i < 12; i++) {
            assertThat(post("unserved-" + i, "msg_1", "hi").statusCode()).isEqualTo(202);
        }
    }

    @Test
    @Order(7)
    void gatewaysThatComeUpAfterNginxShareTheStreams() throws Exception {
        for (int port : ports) {
            installation.killGateway(port);
        }
        for (int i = 0; i < 6; i++) {
            assertThat(get("/api/sse?session_id=early&user_id=user1").statusCode()).isEqualTo(502);
        }
        for (int port : ports) {
            installation.gateway(port, Map.of());
        }
        List<EventStream> streams = new ArrayList<>();
        try {
            for (int i = 0; i < 30; i++) {
                streams.add(EventStream.open(nginx.address(), "late-" + i, null));
            }
            for (int port : ports) {
                assertThat(connections(port)).as("port %d", port).isBetween(8, 12);
            }
        } finally {
            for (EventStream stream : streams) {
                stream.close();
            }
        }
    }

    /// Then all gateways refuse messages, and serve everything else.
    @Test
    @Order(8)
    void aRequestThatAllGatewaysRefuseGetsTheirAnswerAndTheRestContinues() throws Exception {
        limitRedis("1");
        try {
            for (int i = 0; i < 6; i++) {
                HttpResponse<String> refused = post("full-" + i, "msg_1", "hi");
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.body()).contains("\"code\":\"unavailable\"", "Redis is full");
                assertThat(get("/").statusCode()).isEqualTo(200);
            }
        } finally {
            limitRedis("0");
        }
        await().until(() -> post("full", "msg_1", "hi").statusCode() == 202);
    }

    private static void limitRedis(String most) {
        try (RedisClient client = RedisClient.create(installation.redis().url());
                var connection = client.connect()) {
            connection.sync().configSet("maxmemory", most);
        }
    }

    private static int connections(int port) throws Exception {
        URI health = URI.create("http://127.0.0.1:" + port + "/health");
        String answer =
                http.send(HttpRequest.newBuilder(health).build(), BodyHandlers.ofString()).body();
        return JsonMapper.shared().readTree(answer).path("active_connections").asInt();
    }

    private static int status(URI address) throws Exception {
        return http.send(HttpRequest.newBuilder(address).build(), BodyHandlers.discarding())
                .statusCode();
    }

    @Test
    @Order(5)
    void aSilentStreamSurvivesLongerThanNginxBelievesInSilence() {
        await("40 s of silence")
                .atMost(SILENT_FOR.plusSeconds(5))
                .until(() ->
                        !silent.isOpen() || System.nanoTime() - silentSince > SILENT_FOR.toNanos());

        assertThat(silent.isOpen()).isTrue();
    }

    private static HttpResponse<String> post(String session, String message, String text)
            throws Exception {
        String body =
                JsonMapper.shared()
                        .writeValueAsString(
                                Map.of(
                                        "session_id", session,
                                        "user_id", "user1",
                                        "message_id", message,
                                        "message", text));
        return http.send(
                HttpRequest.newBuilder(nginx.address().resolve("/api/chat"))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static HttpResponse<String> get(String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(nginx.address().resolve(path)).build(),
                BodyHandlers.ofString());
    }
}
