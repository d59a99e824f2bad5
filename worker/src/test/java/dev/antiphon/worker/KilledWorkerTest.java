package dev.antiphon.worker;

import static dev.antiphon.worker.PlainPeers.demoAnswer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import static java.util.Objects.requireNonNull;

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

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// One worker is killed while it answers with every provider at once, and another takes over.
final class KilledWorkerTest {

    private static final Duration IN_TIME = Duration.ofMinutes(1);
    private static final String HALF = "Half an ans";
    private static final String WHOLE = "Half an answer, then all.";

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<String, FakeModelServer> services = new HashMap<>();
    private final Map<String, PlainPod> pods = new HashMap<>();
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

    private <T extends AutoCloseable> T closing(T resource) {
        opened.add(resource);
        return resource;
    }

    /// Half an answer for the first call, a whole one for the others.
    private static Script halfFirst(Wire wire) {
        return exchange -> {
            exchange.open(wire.contentType()).send(wire.begin() + wire.text(HALF));
            if (exchange.isFirst()) {
                exchange.stall();
            }
            exchange.send(wire.text("wer, then all.") + wire.end(Reason.STOP, 12)).end();
        };
    }

    private static FakeResponses background() {
        ResponsesWire wire = new ResponsesWire();
        List<String> events =
                ResponsesWire.numbered(
                        wire.begin(),
                        wire.text(HALF),
                        wire.text("wer, then all."),
                        wire.end(Reason.STOP, 12));
        return new FakeResponses(events, events.size() - 2, Exchange::stall);
    }

    @Test
    void everyProvidersAnswerIsWholeInTheEnd() throws Exception {
        Map<String, String> environment = new HashMap<>(peers.environment());
        List<Wire> wires = Wire.all().filter(wire -> !wire.provider().equals("openai")).toList();
        for (Wire wire : wires) {
            FakeModelServer service = closing(new FakeModelServer(halfFirst(wire)));
            services.put(wire.provider(), service);
            environment.putAll(wire.environment(service.url()));
        }
        FakeResponses responses = background();
        FakeModelServer openAi = closing(new FakeModelServer(responses));
        environment.put("OPENAI_BASE_URL", openAi.baseUrl());
        environment.put("CHAT_OPENAI_API", "background");
        environment.put("CHAT_DEMO_DELAY", "400ms");
        WorkerProcess first = closing(WorkerProcess.start(environment));
        for (String provider : List.of("openai", "anthropic", "gemini", "ollama", "demo")) {
            pods.put(provider, peers.pod("pod-" + provider, provider));
            ask(provider);
        }
        await().atMost(IN_TIME)
                .untilAsserted(() -> assertThat(pods).allSatisfy(KilledWorkerTest::assertIsHalf));

        first.kill();
        environment.put("CHAT_DEMO_DELAY", "0ms");
        closing(Worker.open(WorkerConfig.from(ModelProviders.environment(environment))));

        await().atMost(IN_TIME)
                .until(() -> pods.values().stream().allMatch(pod -> pod.complete("m1")));
        pods.keySet().forEach(this::assertNumbered);
        assertThat(LoggedAnswer.of(peers, "demo").text()).isEqualTo(demoAnswer("hi"));
        assertThat(types(pod("demo"))).containsOnly("content");
        assertThat(pod("openai").text("m1")).isEqualTo(WHOLE);
        assertThat(types(pod("openai"))).doesNotContain("reset", "error");
        assertThat(responses.created).hasValue(1);
        assertThat(responses.continued).hasValue(1);
        for (Wire wire : wires) {
            PlainPod pod = pod(wire.provider());
            assertThat(types(pod)).containsOnlyOnce("reset").doesNotContain("error");
            assertThat(pod.text("m1")).isEqualTo(HALF + WHOLE);
            assertThat(requireNonNull(services.get(wire.provider())).requests).hasSize(2);
        }
    }

    /// An environment has only one way to call OpenAI, so the other ways have their own workers.
    static Stream<Wire> otherWaysToAskOpenAi() {
        return Wire.all().filter(wire -> wire.provider().equals("openai"));
    }

    @ParameterizedTest
    @MethodSource("otherWaysToAskOpenAi")
    void anOpenAiAnswerThatIsNotStoredStartsAgain(Wire wire) throws Exception {
        FakeModelServer service = closing(new FakeModelServer(halfFirst(wire)));
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.putAll(wire.environment(service.url()));
        WorkerProcess first = closing(WorkerProcess.start(environment));
        PlainPod pod = peers.pod("pod-openai", "openai");
        ask("openai");
        await().atMost(IN_TIME).until(() -> pod.text("m1").equals(HALF));

        first.kill();
        closing(Worker.open(WorkerConfig.from(ModelProviders.environment(environment))));

        await().atMost(IN_TIME).until(() -> pod.complete("m1"));
        assertNumbered("openai");
        assertThat(types(pod)).containsOnlyOnce("reset").doesNotContain("error");
        assertThat(pod.text("m1")).isEqualTo(HALF + WHOLE);
        assertThat(service.requests).hasSize(2);
    }

    private PlainPod pod(String provider) {
        return requireNonNull(pods.get(provider));
    }

    /// The session has the provider's name.
    private void ask(String provider) {
        peers.publish(
                provider,
                "{\"message_id\":\"m1\",\"session_id\":\""
                        + provider
                        + "\",\"user_id\":\"u\",\"message\":\"hi\",\"context\":{\"ai_provider\":\""
                        + provider
                        + "\"}}");
    }

    private static void assertIsHalf(String provider, PlainPod pod) {
        if (provider.equals("demo")) {
            assertThat(pod.chunks("m1")).hasSizeGreaterThan(1);
        } else {
            assertThat(pod.text("m1")).isEqualTo(HALF);
        }
    }

    private static List<String> types(PlainPod pod) {
        return pod.chunks("m1").stream().map(chunk -> chunk.get("chunk_type").asString()).toList();
    }

    /// In the log: a killed worker takes the ring of its last chunk with it.
    private void assertNumbered(String provider) {
        List<Integer> ids = LoggedAnswer.of(peers, provider).ids();
        assertThat(ids).isEqualTo(IntStream.range(0, ids.size()).boxed().toList());
    }
}
