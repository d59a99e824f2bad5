package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.providers.ModelProviders;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.OpenAiStream;
import dev.antiphon.worker.PlainPeers.PlainPod;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import tools.jackson.databind.JsonNode;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// As many model streams at once as a worker accepts by default, and their cost.
@SuppressWarnings("try") // if close is interrupted, the test has failed already
final class ThousandStreamsTest {

    private static final Logger LOG = LoggerFactory.getLogger(ThousandStreamsTest.class);
    private static final int STREAMS = 1_000;
    private static final Duration IN_TIME = Duration.ofMinutes(2);

    @Test
    void aThousandAnswersStreamAtOnceInOneWorker() throws Exception {
        CountDownLatch open = new CountDownLatch(STREAMS);
        CountDownLatch measured = new CountDownLatch(1);
        try (PlainPeers peers = new PlainPeers();
                FakeModelServer model =
                        new FakeModelServer(exchange -> {
                            exchange.open().send(OpenAiStream.role() + OpenAiStream.text("a"));
                            open.countDown();
                            awaitOpen(measured);
                            exchange.send(OpenAiStream.answer("b")).end();
                        });
                Worker _ = worker(peers, model)) {
            PlainPod pod = peers.pod("pod-1", "s0");
            for (int i = 1; i < STREAMS; i++) {
                peers.redis.sync().sadd("session:connections:s" + i, "pod-1:conn-1");
            }
            long before = usedBytes();

            for (int i = 0; i < STREAMS; i++) {
                peers.ask("s" + i, "m" + i, "hi");
            }

            assertThat(open.await(IN_TIME.toSeconds(), TimeUnit.SECONDS)).isTrue();
            Awaitility.await().atMost(IN_TIME).until(() -> pod.heard.size() >= STREAMS);
            long perStream = (usedBytes() - before) / STREAMS;
            LOG.atInfo()
                    .addKeyValue("streams", STREAMS)
                    .addKeyValue("bytes_per_stream", perStream)
                    .log("heap of the worker, the fake service and the test together");
            measured.countDown();
            Awaitility.await()
                    .atMost(IN_TIME)
                    .until(() ->
                            pod.heard.stream().filter(ThousandStreamsTest::isLast).count()
                                    == STREAMS);
            assertThat(pod.heard.stream().filter(ThousandStreamsTest::isLast))
                    .allMatch(chunk ->
                            chunk.get("metadata").get("finish_reason").asString().equals("stop"));
            assertThat(perStream).isLessThan(512 * 1024);
        }
    }

    private static boolean isLast(JsonNode chunk) {
        return chunk.get("is_final").asBoolean();
    }

    private static Worker worker(PlainPeers peers, FakeModelServer model)
            throws InterruptedException {
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.put("OPENAI_BASE_URL", model.baseUrl());
        environment.put("CHAT_MODEL_FIRST_TOKEN_TIMEOUT", "5m");
        environment.put("CHAT_MODEL_IDLE_TIMEOUT", "5m");
        return Worker.open(WorkerConfig.from(ModelProviders.environment(environment)));
    }

    private static void awaitOpen(CountDownLatch latch) {
        try {
            latch.await(IN_TIME.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static long usedBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
