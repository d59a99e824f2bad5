package dev.antiphon.e2e.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream;
import dev.antiphon.e2e.installation.EventStream.Event;
import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.servers.ChildProcess;
import dev.antiphon.servers.NatsServer;

import io.nats.client.Connection;
import io.nats.client.Nats;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/// Gateways and workers with a plain `nats-server`, without `-js`.
@SuppressWarnings("try") // if closing is interrupted, the test has failed already
final class PlainNatsTest {

    private static final Duration IN_TIME = Duration.ofSeconds(40);
    private static final String WARNING = "NATS has no JetStream";

    @TempDir private Path folder;
    private Installation installation;
    private Installation.Gateway gateway;
    private URI pod;

    @BeforeEach
    void open() {
        installation =
                Installation.open(
                        folder,
                        NatsServer.Options.temporary()
                                .in(folder.resolve("nats"))
                                .withMonitoring(0)
                                .withoutJetStream());
        gateway = installation.gateway(Map.of());
        pod = gateway.address();
    }

    @AfterEach
    void close() {
        installation.close();
    }

    private void ask(String message) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> response =
                    http.send(
                            HttpRequest.newBuilder(pod.resolve("/api/chat"))
                                    .header("Content-Type", "application/json")
                                    .POST(
                                            BodyPublishers.ofString(
                                                    """
                                                    {
                                                        "session_id": "test",
                                                        "user_id": "user1",
                                                        "message": "%s"
                                                      }\
                                                    """
                                                            .formatted(message)))
                                    .build(),
                            BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
        }
    }

    private static void awaitChunks(EventStream tab, int chunks) {
        await().atMost(IN_TIME).until(() -> count(tab, "chunk") >= chunks);
    }

    private static void awaitComplete(EventStream tab, int messages) {
        await().atMost(IN_TIME).until(() -> count(tab, "message_complete") >= messages);
    }

    private static long count(EventStream tab, String name) {
        return tab.events().stream().filter(event -> event.name().equals(name)).count();
    }

    private static String text(EventStream tab) {
        return tab.events().stream()
                .filter(event -> event.name().equals("chunk"))
                .map(event -> event.data().get("chunk").asString())
                .collect(Collectors.joining());
    }

    private static void assertContiguous(EventStream tab) {
        List<Long> numbers =
                tab.events().stream()
                        .map(Event::id)
                        .filter(id -> id != null)
                        .map(id -> EntryId.parse(id).number())
                        .toList();
        assertThat(numbers)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, numbers.size()).boxed().toList());
    }

    private static String answer(String message) {
        return "I received your message: '"
                + message
                + "' This is a demo response from the LangGraph workflow service. In a real"
                + " implementation, this would integrate with AI models like GPT-4, Claude, etc."
                + " The response is being streamed token by token to demonstrate the chunk"
                + " buffering system.";
    }

    @Test
    void anAnswerStreamsAndContinuesWhenItsWorkerIsKilled() throws Exception {
        Map<String, String> pace = Map.of("CHAT_DEMO_DELAY", "150ms");
        List<ChildProcess> workers = List.of(installation.worker(pace), installation.worker(pace));
        try (EventStream tab = EventStream.open(pod, "test", null)) {
            ask("Hello, how are you?");
            awaitChunks(tab, 3);

            String answering = installation.workerOf("test");
            ChildProcess killed =
                    installation.output(workers.getFirst()).contains(answering)
                            ? workers.getFirst()
                            : workers.getLast();
            killed.kill();

            awaitComplete(tab, 1);
            assertThat(text(tab)).isEqualTo(answer("Hello, how are you?"));
            assertContiguous(tab);
        }
        for (String output :
                List.of(
                        installation.output(workers.getFirst()),
                        installation.output(workers.getLast()),
                        installation.output(gateway.process()))) {
            assertThat(output).containsOnlyOnce(WARNING);
        }
    }

    @Test
    void jetStreamIsSwitchedOnAndOffBetweenStartsAndNoMessageIsLost() throws Exception {
        try (EventStream tab = EventStream.open(pod, "test", null)) {
            ask("one"); // no worker receives it
            installation.restartNats(true);
            awaitHealthy();
            ask("two"); // the stream has it
            installation.restartNats(false);
            awaitHealthy();
            ask("three");

            installation.worker(Map.of("CHAT_DEMO_DELAY", "0ms"));
            awaitComplete(tab, 3);
            installation.restartNats(true);
            awaitHealthy();
            ask("four");
            awaitComplete(tab, 4);

            try (Connection nats = Nats.connect(installation.addresses().get("NATS_URL"))) {
                await().atMost(IN_TIME)
                        .ignoreExceptions()
                        .until(() ->
                                nats.jetStreamManagement()
                                                .getStreamInfo("CHAT_WORKFLOW")
                                                .getStreamState()
                                                .getMsgCount()
                                        == 0);
            }
            assertThat(count(tab, "message_complete")).isEqualTo(4);
            assertThat(text(tab))
                    .isEqualTo(answer("one") + answer("two") + answer("three") + answer("four"));
            assertContiguous(tab);
        }
    }

    /// As docs/deployment.md says.
    @Test
    void theMonitoringPagesOfNatsShowWorkersAndGateways() throws Exception {
        installation.worker(Map.of());
        awaitSubscribers(of -> of.size() == 1 && of.getFirst().has("qgroup"));
        JsonNode ring = subscribers().getFirst();
        assertThat(ring.get("qgroup").asString()).isEqualTo("workflow-workers");
        JsonNode worker = connection("worker worker_");
        assertThat(worker.get("cid")).isEqualTo(ring.get("cid"));
        assertThat(subjects(worker)).contains("chat.workflow.execute.*", "chat.workflow.cancel");
        assertThat(subjects(connection("gateway pod-" + gateway.port())))
                .contains(
                        "chat.pod.pod-" + gateway.port() + ".response",
                        "chat.pod.pod-" + gateway.port() + ".event",
                        "chat.pod.pod-" + gateway.port() + ".batch",
                        "chat.session.*.broadcast");
        assertThat(page("/subsz").get("num_subscriptions").asInt()).isPositive();

        installation.restartNats(true);
        awaitHealthy();
        awaitSubscribers(of -> of.size() == 1 && !of.getFirst().has("qgroup"));
        await().atMost(IN_TIME)
                .ignoreExceptions() // until it is connected again
                .until(() ->
                        subjects(connection("worker worker_")).contains("chat.workflow.cancel"));
        assertThat(subjects(connection("worker worker_")))
                .doesNotContain("chat.workflow.execute.*");
        JsonNode stream = subscribers().getFirst();
        assertThat(connections()).noneMatch(each -> each.get("cid").equals(stream.get("cid")));
    }

    private JsonNode page(String path) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI address =
                    URI.create(
                            "http://127.0.0.1:"
                                    + installation.nats().monitoringPort().orElseThrow()
                                    + path);
            return JsonMapper.shared()
                    .readTree(
                            http.send(
                                            HttpRequest.newBuilder(address).build(),
                                            BodyHandlers.ofString())
                                    .body());
        }
    }

    /// The subscribers that get a request.
    private List<JsonNode> subscribers() throws Exception {
        JsonNode page = page("/subsz?subs=1&test=chat.workflow.execute.test");
        return List.copyOf(page.path("subscriptions_list").values());
    }

    private void awaitSubscribers(Predicate<List<JsonNode>> wanted) {
        await().atMost(IN_TIME).until(() -> wanted.test(subscribers()));
    }

    private List<JsonNode> connections() throws Exception {
        return List.copyOf(page("/connz?subs=1").get("connections").values());
    }

    private JsonNode connection(String name) throws Exception {
        return connections().stream()
                .filter(each -> each.path("name").asString("").startsWith(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> subjects(JsonNode connection) {
        return connection.path("subscriptions_list").values().stream()
                .map(JsonNode::asString)
                .toList();
    }

    private void awaitHealthy() throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest health = HttpRequest.newBuilder(pod.resolve("/health")).build();
            await().atMost(IN_TIME)
                    .until(() ->
                            http.send(health, BodyHandlers.ofString())
                                    .body()
                                    .contains("\"nats_connected\":true"));
        }
    }
}
