package dev.antiphon.worker;

import static dev.antiphon.testkit.OpenAiStream.answer;
import static dev.antiphon.testkit.OpenAiStream.finish;
import static dev.antiphon.testkit.OpenAiStream.reasoning;
import static dev.antiphon.testkit.OpenAiStream.role;
import static dev.antiphon.testkit.OpenAiStream.text;
import static dev.antiphon.worker.PlainPeers.demoAnswer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.providers.ModelProviders;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Script;
import dev.antiphon.worker.PlainPeers.PlainPod;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Workers with the provider `openai`, from the request to the chunks, on real servers and a fake model.
final class OpenAiWorkerTest {

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

    private Worker worker(FakeModelServer model, String... more) throws InterruptedException {
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.put("OPENAI_BASE_URL", model.baseUrl());
        environment.put("CHAT_MODEL_RETRY_DELAY", "1ms");
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        Worker worker = Worker.open(WorkerConfig.from(ModelProviders.environment(environment)));
        opened.add(worker);
        return worker;
    }

    private void ask(String message, String context) {
        peers.publish(
                "test",
                "{\"message_id\":\""
                        + message
                        + "\",\"session_id\":\"test\",\"user_id\":\"u\",\"message\":\"hi\",\"context\":"
                        + context
                        + "}");
    }

    private static List<JsonNode> answered(PlainPod pod, String message) {
        await().atMost(SOON).until(() -> pod.complete(message));
        List<JsonNode> chunks = pod.chunks(message);
        assertThat(chunks)
                .extracting(chunk -> chunk.get("chunk_id").asInt())
                .isEqualTo(IntStream.range(0, chunks.size()).boxed().toList());
        return chunks;
    }

    private static List<String> types(List<JsonNode> chunks) {
        return chunks.stream().map(chunk -> chunk.get("chunk_type").asString()).toList();
    }

    @Test
    void aRequestThatNamesNothingIsAnsweredByTheConfiguredModel() throws Exception {
        FakeModelServer model =
                model(exchange ->
                        exchange.open().send(reasoning("hm") + answer("Hel", "lo")).end());
        worker(model, "CHAT_DEFAULT_MODEL", "gpt-house");
        PlainPod pod = peers.pod("pod-1", "test");

        ask("m1", "{\"system_prompt\":\"Be brief.\",\"temperature\":0.5,\"max_tokens\":9}");

        List<JsonNode> chunks = answered(pod, "m1");
        assertThat(pod.text("m1")).isEqualTo("Hello");
        assertThat(chunks.getFirst().get("chunk_type").asString()).isEqualTo("reasoning");
        JsonNode metadata = chunks.getLast().get("metadata");
        assertThat(metadata.get("model").asString()).isEqualTo("gpt-test-2026-01-01");
        assertThat(metadata.get("tokens_used").asInt()).isEqualTo(12);
        assertThat(metadata.get("finish_reason").asString()).isEqualTo("stop");
        JsonNode asked = model.requests.getFirst().body();
        assertThat(asked.get("model").asString()).isEqualTo("gpt-house");
        assertThat(asked.get("temperature").asDouble()).isEqualTo(0.5);
        assertThat(asked.get("max_tokens").asInt()).isEqualTo(9);
        assertThat(asked.get("messages").get(0).get("content").asString()).isEqualTo("Be brief.");
    }

    @Test
    void theDemoAnswersWhenItIsNamedAndAnUnknownProviderIsAnError() throws Exception {
        worker(model(exchange -> exchange.open().send(answer("model")).end()));
        PlainPod pod = peers.pod("pod-1", "test");

        ask("m1", "{\"ai_provider\":\"demo\"}");
        ask("m2", "{\"ai_provider\":\"openai\",\"model\":\"gpt-4\"}");
        ask("m3", "{\"ai_provider\":\"nobody\"}");

        JsonNode unknown = answered(pod, "m3").getFirst();
        assertThat(pod.text("m1")).isEqualTo(demoAnswer("hi"));
        assertThat(pod.text("m2")).isEqualTo("model");
        assertThat(unknown.get("error").get("code").asString())
                .isEqualTo("provider_not_configured");
    }

    @Test
    void aModelThatFailsEndsInExactlyOneErrorChunk() throws Exception {
        worker(
                model(exchange -> exchange.open().send(role() + text("Hel")).cut()),
                "CHAT_DEFAULT_MODEL",
                "gpt-house");
        PlainPod pod = peers.pod("pod-1", "test");

        ask("m1", "{}");

        List<JsonNode> chunks = answered(pod, "m1");
        assertThat(types(chunks)).containsExactly("content", "error");
        JsonNode last = chunks.getLast();
        assertThat(last.get("chunk").asString()).isEmpty();
        assertThat(last.get("error").get("code").asString()).isEqualTo("provider_failed");
        assertThat(last.get("error").get("message").asString())
                .isEqualTo("The provider 'openai' did not finish its answer.");
        assertThat(last.get("metadata").get("finish_reason").asString()).isEqualTo("error");
        assertThat(last.get("metadata").get("model").asString()).isEqualTo("gpt-house");
    }

    @Test
    void aBusyModelIsRetriedAndTheUserIsInformed() throws Exception {
        worker(
                model(exchange -> exchange.answer(429, "Retry-After: 0\r\n", "{}")),
                "CHAT_MODEL_RETRIES",
                "2");
        PlainPod pod = peers.pod("pod-1", "test");

        ask("m1", "{}");

        List<JsonNode> chunks = answered(pod, "m1");
        assertThat(types(chunks)).containsExactly("status", "status", "error");
        JsonNode metadata = chunks.getFirst().get("metadata");
        assertThat(metadata.get("status").asString()).isEqualTo("retrying");
        assertThat(metadata.get("after_ms").asInt()).isNotNegative();
        assertThat(metadata.get("message").asString())
                .isEqualTo("The provider 'openai' accepts no more requests for now (HTTP 429).");
    }

    private static List<String> shown(FakeModelServer model, int request) {
        return model.requests
                .get(request)
                .body()
                .get("messages")
                .valueStream()
                .map(turn -> turn.get("role").asString() + ": " + turn.get("content").asString())
                .toList();
    }

    private void ask(String message, String text, String parent) {
        peers.publish(
                "test",
                "{\"message_id\":\"%s\",\"session_id\":\"test\",\"user_id\":\"u\",\"message\":\"%s\",\"parent_id\":%s}"
                        .formatted(message, text, parent));
    }

    @Test
    void aModelIsShownTheBranchThatItAnswers() throws Exception {
        FakeModelServer model =
                model(exchange -> exchange.open().send(answer("so", " be it")).end());
        worker(model);
        PlainPod pod = peers.pod("pod-1", "test");

        ask("m1", "one", "null");
        ask("m2", "two", "null");
        ask("m3", "two again", "\"m1\"");
        ask("m4", "three", "null");
        ask("m5", "anew", "\"\"");
        answered(pod, "m5");

        assertThat(shown(model, 1))
                .containsExactly("user: one", "assistant: so be it", "user: two");
        assertThat(shown(model, 2))
                .containsExactly("user: one", "assistant: so be it", "user: two again");
        assertThat(shown(model, 3))
                .containsExactly(
                        "user: one",
                        "assistant: so be it",
                        "user: two again",
                        "assistant: so be it",
                        "user: three");
        assertThat(shown(model, 4)).containsExactly("user: anew");
    }

    @Test
    void aModelIsShownWhatTheUserSawOfAnAnswerThatFailed() throws Exception {
        FakeModelServer model =
                model(exchange -> {
                    if (exchange.isFirst()) {
                        exchange.open().send(role() + text("Hel")).cut();
                    } else {
                        exchange.open().send(answer("lo")).end();
                    }
                });
        worker(model);
        PlainPod pod = peers.pod("pod-1", "test");
        ask("m1", "one", "null");
        answered(pod, "m1");
        assertThat(pod.text("m1")).isEqualTo("Hel");

        ask("m2", "two", "null");

        answered(pod, "m2");
        assertThat(shown(model, 1)).containsExactly("user: one", "assistant: Hel", "user: two");
    }

    @Test
    void anAnswerThatFailedNamesAModelAndTheServicesWord() throws Exception {
        worker(model(exchange -> exchange.open().send(text("a") + finish("invented")).end()));
        PlainPod pod = peers.pod("pod-1", "test");

        ask("m1", "{}");
        ask("m2", "{\"ai_provider\":\"nobody\"}");

        JsonNode metadata = answered(pod, "m1").getLast().get("metadata");
        assertThat(metadata.toString())
                .isEqualTo(
                        "{\"model\":\"openai\",\"tokens_used\":null,\"finish_reason\":\"error\",\"stop_reason\":\"invented\"}");
        assertThat(answered(pod, "m2").getLast().at("/metadata/model").asString())
                .isEqualTo("nobody");
    }

    /// Strict chat templates refuse two turns of one speaker, and would then refuse each later message of the session.
    @Test
    void aSessionContinuesAfterAFailedAnswer() throws Exception {
        FakeModelServer model =
                model(exchange -> {
                    if (exchange.isFirst()) {
                        exchange.answer(400, "", "{\"error\":\"bad\"}");
                    } else {
                        exchange.open().send(answer("so")).end();
                    }
                });
        worker(model);
        PlainPod pod = peers.pod("pod-1", "test");
        ask("m1", "one", "null");
        answered(pod, "m1");

        ask("m2", "What can you do?", "null");

        answered(pod, "m2");
        assertThat(pod.text("m2")).isEqualTo("so");
        assertThat(shown(model, 1))
                .satisfiesExactly(
                        system -> assertThat(system).startsWith("system: You can use these tools"),
                        user -> assertThat(user).isEqualTo("user: one\n\nWhat can you do?"));
    }

    @Test
    void halfACharacterOfAModelIsReplacedAndTheSessionContinues() throws Exception {
        FakeModelServer model =
                model(exchange -> {
                    if (exchange.isFirst()) {
                        String halves =
                                answer("a FIRST", "SECOND b FIRST")
                                        .replace("FIRST", "\\ud83d")
                                        .replace("SECOND", "\\ude00");
                        exchange.open().send(halves).end();
                    } else {
                        exchange.open().send(answer("so")).end();
                    }
                });
        worker(model);
        PlainPod pod = peers.pod("pod-1", "test");
        ask("m1", "one", "null");
        answered(pod, "m1");
        assertThat(pod.text("m1")).isEqualTo("a 😀 b \ufffd");

        ask("m2", "two", "null");
        ask("m3", "three", "null");

        answered(pod, "m3");
        assertThat(pod.text("m2")).isEqualTo("so");
        assertThat(shown(model, 2))
                .containsExactly(
                        "user: one",
                        "assistant: a 😀 b \ufffd",
                        "user: two",
                        "assistant: so",
                        "user: three");
    }

    @Test
    void aStoppedWorkersHalfAnswerIsWithdrawnAndGivenAgainByAnother() throws Exception {
        FakeModelServer model =
                model(exchange -> {
                    exchange.open().send(role() + text("Half an ans"));
                    if (exchange.isFirst()) {
                        exchange.stall();
                    }
                    exchange.send(answer("wer, ", "then all.")).end();
                });
        Worker first = worker(model);
        PlainPod pod = peers.pod("pod-1", "test");
        ask("m1", "{}");
        await().atMost(SOON).until(() -> pod.text("m1").equals("Half an ans"));

        worker(model);
        first.close();

        List<JsonNode> chunks = answered(pod, "m1");
        int reset = types(chunks).indexOf("reset");
        assertThat(chunks.get(reset).get("metadata").get("from_chunk_id").asInt()).isZero();
        assertThat(types(chunks)).containsOnlyOnce("reset").doesNotContain("error");
        StringBuilder after = new StringBuilder();
        chunks.subList(reset, chunks.size())
                .forEach(chunk -> after.append(chunk.get("chunk").asString()));
        assertThat(after.toString()).isEqualTo("Half an answer, then all.");
        ask("m2", "{}");
        answered(pod, "m2");
        assertThat(shown(model, model.requests.size() - 1))
                .contains("assistant: Half an answer, then all.");
        assertThat(chunks.getLast().get("metadata").get("finish_reason").asString())
                .isEqualTo("stop");
    }
}
