package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.servers.Ports;
import dev.antiphon.servers.RedisServer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.net.ConnectException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// A page that uses only an `EventSource`, which an error status ends permanently, keeps its stream.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
@Timeout(120)
final class PlainEventSourceTest {

    private static final int STREAMS = 20;

    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir private Path folder;
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
    void streamsOnASharedPortSurviveTheRestartOfEachGateway() throws Exception {
        int shared = Ports.free();
        List<Gateway> gateways = new ArrayList<>();
        gateways.add(Gateway.open(servers.config(0, shared, 1_000)));
        gateways.add(Gateway.open(servers.config(0, shared, 1_000)));
        String session = TestServers.newSession();
        try (PlainEventSource sources =
                PlainEventSource.open(folder, shared, Collections.nCopies(STREAMS, session))) {
            await().atMost(SOON).until(() -> sources.count("connected") == STREAMS);
            for (int i = 0; i < 2; i++) {
                gateways.get(i).close();
                Gateway left = gateways.get(1 - i);
                await().atMost(SOON)
                        .until(() -> openStreams(left) == STREAMS || sources.count("closed") > 0);
                gateways.set(i, Gateway.open(servers.config(0, shared, 1_000)));
            }
            Http.ask(gateways.getFirst().port(), session, "hi");
            await().atMost(SOON).until(() -> sources.count("message {") == STREAMS);
            assertThat(sources.count("closed")).isZero();
        } finally {
            gateways.forEach(Gateway::close);
        }
    }

    private static long openStreams(Gateway gateway) throws Exception {
        return Http.json(Http.get(gateway.port(), "/health")).get("active_connections").longValue();
    }

    @Test
    void aStreamThatComesBeforeTheGatewayServesWaitsForIt() throws Exception {
        int redisPort = Ports.free();
        int own = Ports.free();
        int shared = Ports.free();
        GatewayConfig config = servers.config(own, shared, 10, redisPort);
        CompletableFuture<Gateway> opening =
                CompletableFuture.supplyAsync(() -> {
                    try {
                        return Gateway.open(config);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                });
        await().ignoreExceptions().until(() -> Http.get(own, "/health/live").statusCode() == 200);
        assertThatThrownBy(() -> RawHttp.connect(shared)).isInstanceOf(ConnectException.class);
        try (RawHttp early = RawHttp.connect(own)) {
            early.send("GET /api/sse?session_id=s&user_id=u HTTP/1.1\r\nHost: h\r\n\r\n");
            assertThat(early.isClosedByServer()).isTrue();
        }
        try (PlainEventSource source =
                        PlainEventSource.open(folder, own, List.of(TestServers.newSession()));
                RedisServer _ =
                        RedisServer.start(RedisServer.Options.temporary().onPort(redisPort));
                Gateway _ = opening.join();
                RawHttp _ = RawHttp.connect(shared)) {
            await().atMost(SOON).until(() -> source.count("connected") == 1);
            assertThat(source.count("closed")).isZero();
        }
    }

    @Test
    void streamsThatBeginWithoutRedisShowTheirOwnSessionWhenItIsBack() throws Exception {
        String session = TestServers.newSession();
        String foreign = TestServers.newSession();
        try (Gateway gateway = servers.gateway()) {
            Http.ask(gateway.port(), session, "mine");
            Http.askAs("user2", gateway.port(), foreign, "secret");
            servers.redis.stop();
            await().until(() ->
                    Http.get(gateway.port(), "/health")
                            .body()
                            .contains("\"redis_connected\":false"));
            try (PlainEventSource sources =
                    PlainEventSource.open(folder, gateway.port(), List.of(session, foreign))) {
                await().atMost(SOON).until(() -> sources.count("redis_away") == 2);
                assertThat(sources.count("message")).isZero();

                servers.redis.restart();
                await().atMost(SOON)
                        .until(() -> sources.count("0 status {\"status\":\"recovered\"}") == 1);
                await().atMost(SOON).until(() -> sources.count("0 message") == 1);
                await().atMost(SOON).until(() -> sources.count("1 closed 404") == 1);
                assertThat(sources.count("1 refused {\"session_id\":\"" + foreign)).isEqualTo(1);
                assertThat(sources.count("secret")).isZero();
                assertThat(sources.count("0 closed")).isZero();
                await().untilAsserted(() -> assertThat(servers.members(session)).hasSize(1));
                await().untilAsserted(() -> assertThat(servers.members(foreign)).isEmpty());
            }
        }
    }
}
