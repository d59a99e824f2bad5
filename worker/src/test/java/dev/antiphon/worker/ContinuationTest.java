package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.FakeModelServer.Script;
import dev.antiphon.testkit.FakeResponses;
import dev.antiphon.testkit.ResponsesWire;
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
import java.util.stream.IntStream;

/// What users see of an answer whose worker stops during it, with each provider, on real servers. The demo's row is in
/// {@link WorkerTest}.
final class ContinuationTest {

    private static final Duration SOON = Duration.ofSeconds(20);

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

    private FakeModelServer model(Script script) throws Exception {
        FakeModelServer model = new FakeModelServer(script);
        opened.add(model);
        return model;
    }

    private Worker worker(Map<String, String> service) throws InterruptedException {
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.putAll(service);
        Worker worker = Worker.open(WorkerConfig.from(ModelProviders.environment(environment)));
        opened.add(worker);
        return worker;
    }

    /// Stops the first worker as soon as the pod has received this text, and starts another one.
    private List<JsonNode> chunksOfTwoWorkers(Map<String, String> service, String half)
            throws Exception {
        Worker first = worker(service);
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        await().atMost(SOON).until(() -> pod.text("m1").equals(half));

        worker(service);
        first.close();

        await().atMost(SOON).until(() -> pod.complete("m1"));
        List<JsonNode> chunks = pod.chunks("m1");
        assertThat(chunks)
                .extracting(chunk -> chunk.get("chunk_id").asInt())
                .isEqualTo(IntStream.range(0, chunks.size()).boxed().toList());
        JsonNode metadata = chunks.getLast().get("metadata");
        assertThat(metadata.get("finish_reason").asString()).isEqualTo("stop");
        assertThat(metadata.get("tokens_used").asInt()).isEqualTo(12);
        return chunks;
    }

    private static List<String> types(List<JsonNode> chunks) {
        return chunks.stream().map(chunk -> chunk.get("chunk_type").asString()).toList();
    }

    private static String text(List<JsonNode> chunks) {
        StringBuilder text = new StringBuilder();
        chunks.forEach(chunk -> text.append(chunk.get("chunk").asString()));
        return text.toString();
    }

    @ParameterizedTest
    @MethodSource("dev.antiphon.testkit.Wire#all")
    void anAnswerThatNoServiceKeepsIsWithdrawnOnceAndGivenAgain(Wire wire) throws Exception {
        FakeModelServer model =
                model(exchange -> {
                    exchange.open(wire.contentType())
                            .send(wire.begin() + wire.reasoning("hm") + wire.text("Half an ans"));
                    if (exchange.isFirst()) {
                        exchange.stall();
                    }
                    exchange.send(wire.text("wer, then all.") + wire.end(Reason.STOP, 12)).end();
                });

        List<JsonNode> chunks = chunksOfTwoWorkers(wire.environment(model.url()), "Half an ans");

        int reset = types(chunks).indexOf("reset");
        assertThat(types(chunks)).containsOnlyOnce("reset").doesNotContain("error");
        assertThat(chunks.get(reset).get("metadata").get("from_chunk_id").asInt()).isZero();
        assertThat(text(chunks.subList(0, reset))).isEqualTo("Half an ans");
        assertThat(text(chunks.subList(reset, chunks.size())))
                .isEqualTo("Half an answer, then all.");
        assertThat(model.requests).hasSize(2);
    }

    /// The address of OpenAI itself is known, so its name alone chooses background mode.
    private static Map<String, String> inTheBackground(FakeModelServer model) {
        return Map.of("OPENAI_BASE_URL", model.baseUrl(), "CHAT_OPENAI_API", "background");
    }

    private static List<String> events(ResponsesWire wire) {
        return ResponsesWire.numbered(
                wire.begin(),
                wire.reasoning("hm"),
                wire.text("Half an ans"),
                wire.text("wer, "),
                wire.text("then all."),
                wire.end(Reason.STOP, 12));
    }

    @Test
    void anAnswerInTheBackgroundContinuesAndIsCreatedOnce() throws Exception {
        List<String> events = events(new ResponsesWire());
        FakeResponses service = new FakeResponses(events, events.size() - 3, Exchange::stall);

        List<JsonNode> chunks = chunksOfTwoWorkers(inTheBackground(model(service)), "Half an ans");

        assertThat(text(chunks)).isEqualTo("Half an answer, then all.");
        assertThat(types(chunks)).startsWith("status", "reasoning", "content");
        assertThat(types(chunks)).containsOnlyOnce("reasoning").doesNotContain("reset", "error");
        JsonNode kept = chunks.getFirst().get("metadata");
        assertThat(kept.get("status").asString()).isEqualTo("kept");
        assertThat(kept.get("handle").asString()).isEqualTo("resp_1:0");
        assertThat(service.created).hasValue(1);
        assertThat(service.continued).hasValue(1);
        assertThat(service.cancelled).hasValue(0);
    }

    @Test
    void aLostBackgroundAnswerIsWithdrawnAndStartsAgain() throws Exception {
        List<String> events = events(new ResponsesWire());
        FakeResponses service = new FakeResponses(events, events.size() - 3, Exchange::stall);
        service.forgotten = true;

        List<JsonNode> chunks = chunksOfTwoWorkers(inTheBackground(model(service)), "Half an ans");

        int reset = types(chunks).indexOf("reset");
        assertThat(types(chunks)).containsOnlyOnce("reset");
        assertThat(text(chunks.subList(reset, chunks.size())))
                .isEqualTo("Half an answer, then all.");
        assertThat(service.created).hasValue(2);
    }

    @Test
    void aCancelledAnswerInTheBackgroundIsCancelledAtTheService() throws Exception {
        List<String> events = events(new ResponsesWire());
        FakeResponses service = new FakeResponses(events, events.size() - 3, Exchange::stall);
        worker(inTheBackground(model(service)));
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        await().atMost(SOON).until(() -> pod.text("m1").equals("Half an ans"));

        peers.cancel(new SessionId("test"), new MessageId("m1"));

        await().atMost(SOON).until(() -> service.cancelled.get() == 1);
        assertThat(service.continued).hasValue(0);
    }

    @Test
    void aWorkerThatStopsBeforeTheServiceAnsweredLeavesNothingToContinue() throws Exception {
        List<String> events = events(new ResponsesWire());
        FakeResponses service = new FakeResponses(events, 0, Exchange::stall);
        Map<String, String> environment = inTheBackground(model(service));
        Worker first = worker(environment);
        PlainPod pod = peers.pod("pod-1", "test");
        peers.ask("test", "m1", "hi");
        await().atMost(SOON).until(() -> service.created.get() == 1);

        worker(environment);
        first.close();

        await().atMost(SOON).until(() -> pod.complete("m1"));
        assertThat(pod.text("m1")).isEqualTo("Half an answer, then all.");
        assertThat(types(pod.chunks("m1"))).doesNotContain("reset");
        assertThat(service.created).hasValue(2);
    }
}
