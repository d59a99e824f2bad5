package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.providers.ModelProviders;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.Wire;
import dev.antiphon.testkit.Wire.Reason;
import dev.antiphon.worker.PlainPeers.PlainPod;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Models of every kind use a tool in the default workflow, on real servers.
final class ToolLoopTest {

    private static final Duration SOON = Duration.ofSeconds(30);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private PlainPeers peers;

    @BeforeEach
    void startServers() throws Exception {
        peers = new PlainPeers();
        opened.add(peers);
    }

    @AfterEach
    void stopServers() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private void worker(Wire wire, FakeModelServer model) throws InterruptedException {
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.putAll(wire.environment(model.url()));
        opened.add(Worker.open(WorkerConfig.from(ModelProviders.environment(environment))));
    }

    private static String call(Wire wire, int number) {
        return wire.toolCall(0, "call_" + number, "calculator", "{\"expression\":\"6*7\"}");
    }

    @ParameterizedTest
    @MethodSource("dev.antiphon.testkit.Wire#all")
    void aModelGetsItsToolsResultAndAnswersWithIt(Wire wire) throws Exception {
        FakeModelServer model =
                new FakeModelServer(exchange ->
                        exchange.open(wire.contentType())
                                .send(
                                        exchange.isFirst()
                                                ? wire.begin()
                                                        + call(wire, 1)
                                                        + wire.end(Reason.TOOLS, 5)
                                                : wire.begin()
                                                        + wire.text("It is 42.")
                                                        + wire.end(Reason.STOP, 7))
                                .end());
        opened.add(model);
        worker(wire, model);
        PlainPod pod = peers.pod("pod-1", "test");

        peers.ask("test", "m1", "What is six times seven?");

        await().atMost(SOON).until(() -> pod.complete("m1"));
        assertThat(pod.text("m1")).isEqualTo("It is 42.");
        List<JsonNode> chunks = pod.chunks("m1");
        assertThat(chunks)
                .extracting(chunk -> chunk.get("chunk_type").asString())
                .contains("tool_call", "tool_result")
                .doesNotContain("reset", "error");
        JsonNode result =
                chunks.stream()
                        .filter(chunk -> chunk.get("chunk_type").asString().equals("tool_result"))
                        .findFirst()
                        .orElseThrow();
        assertThat(result.get("metadata").toString()).contains("42");
        assertThat(chunks.getLast().get("metadata").get("tokens_used").asInt()).isEqualTo(12);
        assertThat(model.requests).hasSize(2);
        assertThat(model.requests.getLast().body().toString()).contains("42", "untrusted");
    }

    @Test
    void aModelThatKeepsCallingToolsMustAnswerInTheEnd() throws Exception {
        Wire wire = Wire.all().findFirst().orElseThrow();
        FakeModelServer model =
                new FakeModelServer(exchange -> {
                    boolean mayAsk = exchange.request().body().has("tools");
                    exchange.open(wire.contentType())
                            .send(
                                    mayAsk
                                            ? wire.begin()
                                                    + call(wire, 1)
                                                    + wire.end(Reason.TOOLS, 1)
                                            : wire.begin()
                                                    + wire.text("Enough.")
                                                    + wire.end(Reason.STOP, 1))
                            .end();
                });
        opened.add(model);
        worker(wire, model);
        PlainPod pod = peers.pod("pod-1", "test");

        peers.ask("test", "m1", "hi");

        await().atMost(SOON).until(() -> pod.complete("m1"));
        assertThat(pod.text("m1")).isEqualTo("Enough.");
        assertThat(model.requests).hasSize(9);
    }
}
