package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.time.Duration;

/// Our gateways get entries in batches; any pod that knows only the contract gets its messages.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
final class BatchedRingsTest {

    private static TestServers servers;
    private static Gateway gateway;

    private final String session = TestServers.newSession();

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

    @Test
    void aPlainPodThatUsesAGatewaysNameGetsTheContractsChunksAndNoReaderNotices() throws Exception {
        try (EventStream stream = EventStream.open(gateway.port(), session)) {
            String message =
                    Http.text(Http.json(Http.ask(gateway.port(), session, "hi")), "message_id");
            Answering worker = servers.answering(session);
            worker.claim();
            worker.streams("a ");
            stream.events(3);
            long batches = servers.ringBatches();
            assertThat(batches).isPositive();

            String pod = servers.pods(session).iterator().next();
            String redis = "redis://127.0.0.1:" + servers.redis.port();
            try (PlainPod plain = PlainPod.open(pod, servers.nats.url(), redis)) {
                plain.connect(session, "conn-1");
                worker.streams("b ");
                worker.ends("c");

                await().atMost(Duration.ofSeconds(20))
                        .until(() -> plain.text(message), "b c"::equals);
                stream.events(6);
                assertThat(stream.numbers()).containsExactly(1L, 2L, 3L, 4L, 5L);
                assertThat(servers.ringBatches()).isEqualTo(batches);
            }
        }
    }
}
