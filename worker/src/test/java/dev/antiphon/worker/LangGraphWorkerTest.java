package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.engine.run.Counters.Count;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Keys;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.providers.ModelProviders;
import dev.antiphon.providers.langgraph.LangGraphProvider;
import dev.antiphon.testkit.LangGraphJsServer;
import dev.antiphon.worker.PlainPeers.PlainPod;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Workers with the provider `langgraph`, from the request to the chunks, on real servers, LangGraph's own among them.
final class LangGraphWorkerTest {

    private static final Duration SOON = Duration.ofSeconds(60);

    private static LangGraphJsServer langGraph;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private PlainPeers peers;

    @BeforeAll
    static void startLangGraph() throws Exception {
        langGraph = LangGraphJsServer.start();
    }

    @AfterAll
    static void stopLangGraph() {
        langGraph.close();
    }

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

    private Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>(peers.environment());
        environment.put("LANGGRAPH_URL", langGraph.url());
        return environment;
    }

    private Worker worker() throws InterruptedException {
        Worker worker = Worker.open(WorkerConfig.from(ModelProviders.environment(environment())));
        opened.add(worker);
        return worker;
    }

    private void ask(String session, String message, String graph, String text) {
        peers.publish(
                session,
                PlainPeers.JSON
                        .createObjectNode()
                        .put("message_id", message)
                        .put("session_id", session)
                        .put("user_id", "user1")
                        .put("message", text)
                        .set("context", PlainPeers.JSON.createObjectNode().put("model", graph))
                        .toString());
    }

    private List<JsonNode> runs(String session) throws Exception {
        SessionId id = new SessionId(session);
        return langGraph.runs(
                LangGraphProvider.thread(
                        id, peers.redis.sync().hget(Keys.meta(id), "incarnation")));
    }

    private List<String> statuses(String session) throws Exception {
        return runs(session).stream().map(run -> run.path("status").asString("")).toList();
    }

    private static List<JsonNode> answered(PlainPod pod, String message) {
        await().atMost(SOON).until(() -> pod.complete(message));
        List<JsonNode> chunks = pod.chunks(message);
        assertThat(chunks)
                .extracting(chunk -> chunk.get("chunk_id").asInt())
                .isEqualTo(IntStream.range(0, chunks.size()).boxed().toList());
        return chunks;
    }

    private static List<JsonNode> ofType(List<JsonNode> chunks, String type) {
        return chunks.stream()
                .filter(chunk -> chunk.get("chunk_type").asString().equals(type))
                .toList();
    }

    /// The status chunks, in order.
    private static List<String> statuses(List<JsonNode> chunks) {
        return ofType(chunks, "status").stream()
                .map(chunk -> chunk.get("metadata").get("status").asString())
                .toList();
    }

    private static String asked(PlainPod pod, int times) {
        await().atMost(SOON)
                .until(() ->
                        statuses(pod.chunks("m1")).stream().filter("interrupt"::equals).count()
                                == times);
        return ofType(pod.chunks("m1"), "status")
                .getLast()
                .get("metadata")
                .get("interrupt")
                .get("question")
                .asString();
    }

    private void answer(String session, String answer) throws InterruptedException {
        UserAnswer given = new UserAnswer(answer, null);
        assertThat(Resuming.resume(peers.environment(), "user1", session, "m1", given))
                .isInstanceOf(Resume.Resumed.class);
    }

    private static String words(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(word -> "w" + word + " ")
                .collect(Collectors.joining());
    }

    @Test
    void sessionsAreAnsweredAtOnceAndDoNotMix() throws Exception {
        worker();
        PlainPod first = peers.pod("pod-1", "sess_mix_1");
        PlainPod second = peers.pod("pod-2", "sess_mix_2");

        ask("sess_mix_1", "m1", "agent", "30 words, 60 ms");
        ask("sess_mix_2", "m2", "nested", "20 words, 60 ms");

        List<JsonNode> chunks = answered(first, "m1");
        assertThat(first.text("m1")).isEqualTo(words(30));
        assertThat(ofType(chunks, "content")).hasSizeGreaterThan(5);
        assertThat(ofType(chunks, "reasoning")).isNotEmpty();
        JsonNode metadata = chunks.getLast().get("metadata");
        assertThat(metadata.get("model").asString()).isEqualTo("agent");
        assertThat(metadata.get("tokens_used").asInt()).isEqualTo(7);
        assertThat(metadata.get("finish_reason").asString()).isEqualTo("stop");
        answered(second, "m2");
        assertThat(second.text("m2")).isEqualTo(words(20));
        assertThat(first.chunks("m2")).isEmpty();
        assertThat(second.chunks("m1")).isEmpty();
    }

    @Test
    void aStoppedWorkersRunIsJoinedByAnotherAndNothingIsDoneTwice() throws Exception {
        Worker first = worker();
        PlainPod pod = peers.pod("pod-1", "sess_joined");
        ask("sess_joined", "m1", "weather", "200 ms"); // slow, so that the run outlives its worker
        await().atMost(SOON).until(() -> pod.text("m1").contains("Rome. 1 2"));

        Worker second = worker();
        first.close();

        List<JsonNode> chunks = answered(pod, "m1");
        String counted =
                IntStream.rangeClosed(1, 20).mapToObj(n -> " " + n).collect(Collectors.joining());
        assertThat(pod.text("m1")).isEqualTo("Let me look. It is sunny in Rome." + counted);
        assertThat(second.counters().of(Count.CONTINUED)).isEqualTo(1);
        assertThat(ofType(chunks, "reset")).isEmpty();
        assertThat(ofType(chunks, "status")).hasSize(1);
        assertThat(ofType(chunks, "tool_call"))
                .allSatisfy(call ->
                        assertThat(call.get("metadata").get("call_id").asString())
                                .isEqualTo("call_1"))
                .extracting(call -> call.get("metadata").get("arguments").asString())
                .satisfies(pieces ->
                        assertThat(String.join("", pieces)).isEqualTo("{\"city\":\"Rome\"}"));
        assertThat(ofType(chunks, "tool_result"))
                .singleElement()
                .satisfies(result ->
                        assertThat(result.get("metadata").get("result").asString())
                                .isEqualTo("sunny in Rome."));
        assertThat(statuses("sess_joined")).containsExactly("success");
    }

    @Test
    void aQuestionBlocksNoWorkerAndAnotherWorkerContinuesWithTheAnswer() throws Exception {
        Worker first = worker();
        PlainPod pod = peers.pod("pod-1", "sess_asked");
        ask("sess_asked", "m1", "asking", "3 words, 1 ms");

        assertThat(asked(pod, 1)).isEqualTo("Really?");
        assertThat(peers.redis.sync().hget("chat:run:sess_asked:m1", "status")).isEqualTo("parked");
        assertThat(peers.redis.sync().hget("chat:meta:sess_asked", "worker")).isEmpty();
        await().atMost(SOON).until(() -> peers.stored() == 0);
        first.close();
        answer("sess_asked", "{\"yes\":true}");
        worker();

        List<JsonNode> chunks = answered(pod, "m1");
        assertThat(pod.text("m1")).isEqualTo("One moment. Answered {\"yes\":true}. " + words(3));
        assertThat(statuses(chunks)).containsExactly("kept", "interrupt", "resumed", "kept");
        assertThat(ofType(chunks, "reset")).isEmpty();
        assertThat(chunks.getLast().get("metadata").get("tokens_used").asInt()).isEqualTo(7);
        assertThat(statuses("sess_asked")).containsExactly("success", "success");
    }

    @Test
    void aGraphThatAsksTwiceGetsBothAnswers() throws Exception {
        Worker first = worker();
        PlainPod pod = peers.pod("pod-1", "sess_twice");
        ask("sess_twice", "m1", "twice", "hi");
        assertThat(asked(pod, 1)).isEqualTo("First?");

        answer("sess_twice", "red");
        assertThat(asked(pod, 2)).isEqualTo("Second?");
        first.close();
        worker();
        answer("sess_twice", "[2]");

        List<JsonNode> chunks = answered(pod, "m1");
        assertThat(pod.text("m1")).isEqualTo("First? \"red\". Second? [2]. ");
        assertThat(ofType(chunks, "reset")).isEmpty();
        assertThat(runs("sess_twice")).hasSize(3);
    }

    @Test
    void aRunThatWentOnWithAnAnswerIsJoinedWhenItsWorkerIsKilled() throws Exception {
        WorkerProcess first = WorkerProcess.start(environment());
        opened.add(first);
        PlainPod pod = peers.pod("pod-1", "sess_killed");
        ask("sess_killed", "m1", "asking", "60 words, 50 ms");
        asked(pod, 1);
        answer("sess_killed", "yes");
        await().atMost(SOON).until(() -> pod.text("m1").contains("w3 "));

        first.kill();
        Worker second = worker();

        await().atMost(SOON).until(() -> pod.complete("m1"));
        // In the log: a killed worker takes the ring of its last chunk with it.
        LoggedAnswer answer = LoggedAnswer.of(peers, "sess_killed");
        assertThat(answer.text()).isEqualTo("One moment. Answered \"yes\". " + words(60));
        assertThat(answer.ids())
                .isEqualTo(IntStream.range(0, answer.ids().size()).boxed().toList());
        assertThat(second.counters().of(Count.CONTINUED)).isEqualTo(1);
        assertThat(answer.bodies(ChunkBody.Status.class))
                .extracting(ChunkBody.Status::status)
                .containsExactly("kept", "interrupt", "resumed", "kept");
        assertThat(answer.bodies(ChunkBody.Reset.class)).isEmpty();
        assertThat(statuses("sess_killed")).containsExactly("success", "success");
    }

    @Test
    void aCancelledMessageIsCancelledThere() throws Exception {
        SessionId session = new SessionId("sess_cancelled");
        worker();
        PlainPod pod = peers.pod("pod-1", session.value());
        ask(session.value(), "m1", "agent", "400 words, 50 ms");
        await().atMost(SOON).until(() -> pod.text("m1").contains("w3"));

        peers.cancel(session, new MessageId("m1"));

        await().atMost(SOON).until(() -> statuses(session.value()).equals(List.of("interrupted")));
    }

    @Test
    void remoteRunsOfADeadWorkerAreEndedByAnother() throws Exception {
        SessionId session = new SessionId("sess_left");
        WorkerProcess first = WorkerProcess.start(environment());
        opened.add(first);
        PlainPod pod = peers.pod("pod-1", session.value());
        ask(session.value(), "m1", "agent", "400 words, 50 ms");
        await().atMost(SOON).until(() -> pod.text("m1").contains("w3"));

        first.kill();
        await().atMost(SOON).until(() -> peers.redis.sync().keys("chat:worker:*").isEmpty());
        peers.cancel(session, new MessageId("m1"));
        assertThat(statuses(session.value())).containsExactly("running");
        Worker second = worker();

        await().atMost(SOON).until(() -> second.counters().of(Count.CLEANED_UP) == 1);
        assertThat(statuses(session.value())).containsExactly("interrupted");
        assertThat(peers.redis.sync().exists(Keys.CLEANUPS, Keys.CLEANUP_DETAILS)).isZero();
    }

    @Test
    void aDeletedSessionsThreadIsRemovedAndAnotherOwnerGetsAnEmptyOne() throws Exception {
        SessionId session = new SessionId("sess_deleted");
        worker();
        PlainPod pod = peers.pod("pod-1", session.value());
        ask(session.value(), "m1", "agent", "2 words, 1 ms");
        answered(pod, "m1");
        String before = peers.redis.sync().hget(Keys.meta(session), "incarnation");

        peers.erase(session);

        await().atMost(SOON)
                .until(() -> !langGraph.hasThread(LangGraphProvider.thread(session, before)));
        PlainPod other = peers.pod("pod-2", session.value());
        ask(session.value(), "m2", "agent", "2 words, 1 ms");
        answered(other, "m2");
        assertThat(runs(session.value())).hasSize(1);
        assertThat(peers.redis.sync().hget(Keys.meta(session), "incarnation")).isNotEqualTo(before);
    }
}
