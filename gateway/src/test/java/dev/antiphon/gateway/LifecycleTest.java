package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.BackplaneSettings;
import dev.antiphon.backplane.RedisSettings;
import dev.antiphon.gateway.http.Origins;
import dev.antiphon.protocol.PodId;
import dev.antiphon.servers.NatsServer;
import dev.antiphon.servers.Ports;
import dev.antiphon.servers.RedisServer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/// Opening, closing, and the pod's health while servers are unavailable.
final class LifecycleTest {

    private TestServers servers;

    @BeforeEach
    void open() throws InterruptedException {
        servers = TestServers.open();
    }

    @AfterEach
    void close() {
        servers.close();
    }

    @Test
    void healthTellsWhatTheContractNames() throws Exception {
        String session = TestServers.newSession();
        GatewayConfig config = servers.config();
        try (Gateway gateway = Gateway.open(config);
                EventStream one = EventStream.open(gateway.port(), session);
                EventStream _ = EventStream.open(gateway.port(), session)) {
            Http.ask(gateway.port(), session, "hi");
            one.events(2);
            HttpResponse<String> response = Http.get(gateway.port(), "/health");
            assertThat(response.statusCode()).isEqualTo(200);
            ObjectNode health = Http.json(response);
            long now = health.get("timestamp").longValue();
            assertThat(now)
                    .isBetween(Instant.now().getEpochSecond() - 60, Instant.now().getEpochSecond());
            assertThat(response.body())
                    .isEqualTo(
                            "{\"status\":\"healthy\",\"pod_id\":\"%s\",\"timestamp\":%d,\"active_connections\":2,"
                                            .formatted(config.pod(), now)
                                    + "\"active_sessions\":1,\"active_buffers\":1,\"nats_connected\":true,"
                                    + "\"redis_connected\":true}");
            assertThat(Http.get(gateway.port(), "/health/live").statusCode()).isEqualTo(200);
            assertThat(Http.get(gateway.port(), "/health/ready").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void withoutNatsThePodServesDegradedAndMessagesAreQueued() throws Exception {
        String session = TestServers.newSession();
        try (Gateway gateway = servers.gateway();
                EventStream stream = EventStream.open(gateway.port(), session)) {
            servers.nats.stop();
            await().untilAsserted(() ->
                    assertThat(Http.get(gateway.port(), "/health").body())
                            .contains("\"status\":\"degraded\"")
                            .contains("\"nats_connected\":false"));
            assertThat(Http.get(gateway.port(), "/health").statusCode()).isEqualTo(200);
            assertThat(Http.get(gateway.port(), "/health/ready").statusCode()).isEqualTo(200);
            HttpResponse<String> response = Http.ask(gateway.port(), session, "hi");
            assertThat(response.statusCode()).isEqualTo(202);
            assertThat(Http.text(Http.json(response), "status")).isEqualTo("queued");
            // Without a ring: the poll found it.
            await().untilAsserted(() ->
                    assertThat(stream.names())
                            .containsExactlyInAnyOrder("connected", "status", "message"));
            assertThat(stream.text())
                    .contains(
                            "event: status\ndata: {\"status\":\"degraded\",\"reason\":\"nats_away\"}\n\n");

            servers.nats.restart();
            await().untilAsserted(() ->
                    assertThat(stream.text())
                            .contains("event: status\ndata: {\"status\":\"recovered\"}\n\n"));
            await().untilAsserted(() ->
                    assertThat(Http.get(gateway.port(), "/health").body())
                            .contains("\"status\":\"healthy\""));
        }
    }

    @Test
    void withoutRedisThePodServesNothingAndStreamsStay() throws Exception {
        String session = TestServers.newSession();
        try (Gateway gateway = servers.gateway();
                EventStream stream = EventStream.open(gateway.port(), session)) {
            Http.ask(gateway.port(), session, "before");
            stream.events(2);
            servers.redis.stop();
            await().untilAsserted(() -> {
                HttpResponse<String> health = Http.get(gateway.port(), "/health");
                assertThat(health.statusCode()).isEqualTo(503);
                assertThat(health.body()).contains("\"redis_connected\":false");
            });
            assertThat(Http.get(gateway.port(), "/health/live").statusCode()).isEqualTo(200);
            isUnavailable(Http.get(gateway.port(), "/health/ready"));
            await().untilAsserted(() ->
                    assertThat(stream.text())
                            .contains(
                                    "data: {\"status\":\"degraded\",\"reason\":\"redis_away\"}\n\n"));
            isUnavailable(Http.ask(gateway.port(), session, "hi"));

            servers.redis.restart();
            await().ignoreExceptions()
                    .until(() -> Http.get(gateway.port(), "/health/ready").statusCode() == 200);
            assertThat(Http.ask(gateway.port(), session, "after").statusCode()).isEqualTo(202);
            await().untilAsserted(() -> assertThat(stream.text()).contains("\"text\":\"after\""));
            assertThat(stream.text()).contains("data: {\"status\":\"recovered\"}\n\n");
            assertThat(stream.ended()).isFalse();
            assertThat(Http.get(gateway.port(), "/metrics").body())
                    .contains("chat_stream_incidents_total{kind=\"status\"} 2.0");
        }
    }

    /// docs/metrics.md has each name and each kind that an operator can see.
    @Test
    void everyMetricIsDocumented() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "metrics.md"));
        try (Gateway gateway = servers.gateway()) {
            String told = Http.get(gateway.port(), "/metrics").body();
            List<String> undocumented =
                    told.lines()
                            .filter(line -> line.startsWith("chat_"))
                            .flatMap(line -> Stream.of(name(line), kind(line)))
                            .filter(each -> !document.contains("`" + each))
                            .distinct()
                            .toList();
            assertThat(undocumented).isEmpty();
        }
    }

    private static String name(String line) {
        return line.replaceFirst("[{ ].*", "").replaceFirst("_(count|sum|max)$", "");
    }

    /// The kind of an incident, or nothing.
    private static String kind(String line) {
        return line.contains("kind=\"") ? line.replaceFirst(".*kind=\"([^\"]*)\".*", "$1") : "";
    }

    /// Frozen, not ended: the connection stays open and nothing is answered.
    @Test
    void aRedisThatDoesNotAnswerIsReported() throws Exception {
        try (Gateway gateway = servers.gateway();
                EventStream stream = EventStream.open(gateway.port(), TestServers.newSession())) {
            stream.events(1);
            servers.signal("STOP");
            try {
                await().atMost(Duration.ofSeconds(30))
                        .untilAsserted(() ->
                                assertThat(Http.get(gateway.port(), "/health").body())
                                        .contains("\"redis_connected\":false"));
                await().untilAsserted(() -> assertThat(stream.text()).contains("redis_away"));
            } finally {
                servers.signal("CONT");
            }
            await().untilAsserted(() -> assertThat(stream.text()).contains("recovered"));
            assertThat(Http.get(gateway.port(), "/health").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aFullRedisIsReportedAsFullAndNotAsUnavailable() throws Exception {
        String session = TestServers.newSession();
        try (Gateway gateway = servers.gateway();
                EventStream stream = EventStream.open(gateway.port(), session)) {
            stream.events(1);
            servers.redisSays("CONFIG SET maxmemory 1");
            try {
                await().untilAsserted(() -> {
                    HttpResponse<String> health = Http.get(gateway.port(), "/health");
                    assertThat(health.statusCode()).isEqualTo(503);
                    assertThat(health.body())
                            .contains("\"redis\":\"full\"", "\"redis_connected\":true");
                });
                HttpResponse<String> refused = Http.ask(gateway.port(), session, "hi");
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(Http.text(Http.json(refused), "detail")).contains("Redis is full");
                await().untilAsserted(() -> assertThat(stream.text()).contains("redis_full"));
            } finally {
                servers.redisSays("CONFIG SET maxmemory 0");
            }
            await().untilAsserted(() -> assertThat(stream.text()).contains("recovered"));
            assertThat(Http.ask(gateway.port(), session, "hi").statusCode()).isEqualTo(202);
        }
    }

    private static void isUnavailable(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).contains("1");
        assertThat(Http.text(Http.json(response), "code")).isEqualTo("unavailable");
    }

    @Test
    void aGatewayThatWaitsForItsServersAlreadyTellsHowItIs() throws Exception {
        int port = Ports.free();
        int redisPort = Ports.free();
        GatewayConfig config =
                new GatewayConfig(
                        new BackplaneSettings(
                                servers.nats.url(),
                                new RedisSettings(
                                        "127.0.0.1", redisPort, null, Duration.ofSeconds(1))),
                        "127.0.0.1",
                        port,
                        null,
                        new PodId("p"),
                        new Origins(Set.of()),
                        10);
        CompletableFuture<Gateway> opening =
                CompletableFuture.supplyAsync(() -> {
                    try {
                        return Gateway.open(config);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
        await().ignoreExceptions().until(() -> Http.get(port, "/health/live").statusCode() == 200);
        assertThat(Http.get(port, "/health").statusCode()).isEqualTo(503);
        isUnavailable(Http.get(port, "/health/ready"));
        isUnavailable(Http.get(port, "/"));
        isUnavailable(Http.ask(port, "s", "hi"));
        assertThat(opening).isNotDone();
        try (RedisServer _ = RedisServer.start(RedisServer.Options.temporary().onPort(redisPort));
                Gateway gateway = opening.join()) {
            assertThat(Http.get(gateway.port(), "/health").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aTakenPortIsNamedInOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            assertThatThrownBy(() -> Gateway.open(servers.config(taken.getLocalPort(), null, 10)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("port " + taken.getLocalPort())
                    .hasMessageContaining("in use")
                    .message()
                    .doesNotContain("\n");
        }
    }

    @Test
    void theOwnPortOfAGatewayIsNotShared() throws Exception {
        try (Gateway gateway = servers.gateway()) {
            assertThatThrownBy(() -> Gateway.open(servers.config(gateway.port(), null, 10)))
                    .hasMessageContaining("port " + gateway.port());
        }
    }

    @Test
    void aNatsThatRefusesTheLoginStopsTheStartWithOneLine() throws Exception {
        try (NatsServer plain =
                NatsServer.start(NatsServer.Options.temporary().withLogin("chat", "secret"))) {
            GatewayConfig config =
                    new GatewayConfig(
                            new BackplaneSettings(
                                    plain.url(), servers.settings(Duration.ofSeconds(1)).redis()),
                            "127.0.0.1",
                            0,
                            null,
                            new PodId("p"),
                            new Origins(Set.of()),
                            10);
            assertThatThrownBy(() -> Gateway.open(config))
                    .hasMessageContaining("check NATS_URL")
                    .message()
                    .doesNotContain("\n");
        }
    }

    @Test
    void gatewaysOfOneMachineShareAPort() throws Exception {
        int shared = Ports.free();
        try (Gateway one = Gateway.open(servers.config(0, shared, 10));
                Gateway two = Gateway.open(servers.config(0, shared, 10))) {
            Set<String> pods = new HashSet<>();
            await().until(() -> {
                // Not Http, which would reuse its connection.
                pods.add(
                        RawHttp.exchange(
                                        shared,
                                        "GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                                .body()
                                .replaceAll(".*pod_id\":\"([^\"]*).*", "$1"));
                return pods.size() == 2;
            });
            assertThat(one.port()).isNotEqualTo(two.port());
            for (int port : List.of(one.port(), two.port())) {
                assertThat(Http.get(port, "/health").statusCode()).isEqualTo(200);
            }
        }
    }

    @Test
    void closingEndsStreamsAndEmptiesTheRegistry() throws Exception {
        String session = TestServers.newSession();
        Gateway gateway = servers.gateway();
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            stream.events(1);
            gateway.close();
            gateway.close();
            await().untilAsserted(() -> assertThat(stream.ended()).isTrue());
            assertThat(servers.members(session)).isEmpty();
            assertThatThrownBy(() -> Http.get(gateway.port(), "/health"))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void closingIsQuickWhenEverythingIsUnavailable() throws Exception {
        Gateway gateway = servers.gateway();
        EventStream stream = EventStream.open(gateway.port(), TestServers.newSession());
        stream.events(1);
        servers.redis.kill();
        servers.nats.kill();
        Instant begin = Instant.now();
        gateway.close();
        assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(10));
        stream.close();
    }

    @Test
    void theMembersOfAnEarlierProcessOfThisPodAreRemoved() throws Exception {
        String session = TestServers.newSession();
        GatewayConfig config = servers.config();
        Gateway first = Gateway.open(config);
        EventStream stream = EventStream.open(first.port(), session);
        stream.events(1);
        try (Gateway _ = Gateway.open(config)) {
            assertThat(servers.members(session)).isEmpty();
        }
        stream.close();
        first.close();
    }
}
