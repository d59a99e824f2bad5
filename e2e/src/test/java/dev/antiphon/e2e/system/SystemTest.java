package dev.antiphon.e2e.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream;
import dev.antiphon.e2e.installation.EventStream.Event;
import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.servers.ChildProcess;

import io.nats.client.Connection;
import io.nats.client.Nats;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Two gateways and two workers as separate processes.
@SuppressWarnings("try") // if closing is interrupted, the test has failed already
final class SystemTest {

    private static final Duration IN_TIME = Duration.ofSeconds(30);
    private static final Map<String, String> PACE = Map.of("CHAT_DEMO_DELAY", "20ms");

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir static Path folder;
    private static Installation installation;
    private static ChildProcess worker;
    private static URI podA;
    private static URI podB;

    @BeforeAll
    static void open() {
        installation = Installation.open(folder);
        worker = installation.worker(PACE);
        installation.worker(PACE);
        podA = installation.gateway(Map.of()).address();
        podB = installation.gateway(Map.of()).address();
    }

    @AfterAll
    static void close() {
        HTTP.close();
        installation.close();
    }

    private static JsonNode post(URI pod, String session, String text, @Nullable String message)
            throws Exception {
        HttpResponse<String> response = answer(pod, session, text, message, Map.of());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
        return JsonMapper.shared().readTree(response.body());
    }

    private static HttpResponse<String> answer(
            URI pod,
            String session,
            String text,
            @Nullable String message,
            Map<String, String> headers)
            throws Exception {
        var body =
                JsonMapper.shared()
                        .createObjectNode()
                        .put("session_id", session)
                        .put("user_id", "user1")
                        .put("message", text);
        if (message != null) {
            body.put("message_id", message);
        }
        HttpRequest.Builder request =
                HttpRequest.newBuilder(pod.resolve("/api/chat"))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body.toString()));
        headers.forEach(request::header);
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    private static String demoAnswer(String message) {
        return "I received your message: '"
                + message
                + "' This is a demo response from the LangGraph workflow service. In a real"
                + " implementation, this would integrate with AI models like GPT-4, Claude, etc."
                + " The response is being streamed token by token to demonstrate the chunk"
                + " buffering system.";
    }

    private static void awaitComplete(EventStream stream, String message) {
        stream.awaitEvent(event ->
                event.name().equals("message_complete") && event.messageId().equals(message));
    }

    private static List<Event> chunks(EventStream stream, String message) {
        return stream.events().stream()
                .filter(event -> event.name().equals("chunk"))
                .filter(event -> event.messageId().equals(message))
                .toList();
    }

    private static String text(EventStream stream, String message) {
        return chunks(stream, message).stream()
                .map(event -> event.data().get("chunk").asString())
                .collect(Collectors.joining());
    }

    /// The numbers of the events that are entries of the log.
    private static List<Long> numbers(List<Event> events) {
        List<Long> numbers = new ArrayList<>();
        for (Event event : events) {
            if (event.id() != null) {
                numbers.add(EntryId.parse(event.id()).number());
            }
        }
        return numbers;
    }

    private static List<Long> contiguous(List<Long> numbers) {
        return IntStream.range(0, numbers.size()).mapToObj(i -> numbers.getFirst() + i).toList();
    }

    @Test
    void everyTabOnEveryPodSeesWhatWasSentThroughAnyPod() throws Exception {
        try (EventStream tab1 = EventStream.open(podA, "tabs", null);
                EventStream tab2 = EventStream.open(podB, "tabs", null);
                EventStream tab3 = EventStream.open(podB, "tabs", null)) {
            post(podA, "tabs", "Hello, how are you?", "m1");

            for (EventStream tab : List.of(tab1, tab2, tab3)) {
                awaitComplete(tab, "m1");
                assertThat(tab.events().get(1).name()).isEqualTo("message");
                assertThat(tab.events().get(1).data().get("text").asString())
                        .isEqualTo("Hello, how are you?");
                assertThat(text(tab, "m1")).isEqualTo(demoAnswer("Hello, how are you?"));
                assertThat(numbers(tab.events())).isEqualTo(contiguous(numbers(tab.events())));
            }
            assertThat(tab2.events().stream().map(Event::id).skip(1))
                    .isEqualTo(tab1.events().stream().map(Event::id).skip(1).toList());
        }
    }

    @Test
    void aMessageSentBeforeAnyConnectionLosesNothing() throws Exception {
        post(podA, "early", "anybody there?", "m1");
        try (EventStream during = EventStream.open(podB, "early", null)) {
            awaitComplete(during, "m1");
            assertThat(text(during, "m1")).isEqualTo(demoAnswer("anybody there?"));
        }
    }

    @Test
    void anAnswerThatEndedWithoutAReaderIsShownToTheFirstOne() throws Exception {
        post(podA, "unseen", "anybody there?", "m1");
        try (Connection nats = Nats.connect(installation.addresses().get("NATS_URL"))) {
            await().atMost(IN_TIME)
                    .until(() ->
                            nats.jetStreamManagement()
                                            .getConsumerInfo("CHAT_WORKFLOW", "workflow-workers")
                                            .getNumAckPending()
                                    == 0);
        }
        try (EventStream first = EventStream.open(podB, "unseen", null)) {
            awaitComplete(first, "m1");
            assertThat(text(first, "m1")).isEqualTo(demoAnswer("anybody there?"));
        }
    }

    @Test
    void aReaderContinuesAtAnotherPodWithoutGapOrDouble() throws Exception {
        List<Event> seen = new ArrayList<>();
        String lastId;
        try (EventStream before = EventStream.open(podA, "moving", null)) {
            post(podA, "moving", "to be continued", "m1");
            before.awaitEvent(event ->
                    event.name().equals("chunk") && event.data().get("chunk_id").asInt() == 4);
            lastId = before.lastEventId();
            seen.addAll(before.events());
            seen.removeIf(event -> after(event, lastId));
        }
        try (EventStream after = EventStream.open(podB, "moving", lastId)) {
            awaitComplete(after, "m1");
            seen.addAll(after.events());
        }
        assertThat(numbers(seen)).isEqualTo(contiguous(numbers(seen)));
        assertThat(
                        seen.stream()
                                .filter(event -> event.name().equals("chunk"))
                                .map(event -> event.data().get("chunk").asString())
                                .collect(Collectors.joining()))
                .isEqualTo(demoAnswer("to be continued"));
    }

    private static boolean after(Event event, @Nullable String id) {
        return event.id() != null
                && id != null
                && EntryId.parse(event.id()).number() > EntryId.parse(id).number();
    }

    @Test
    void messagesOfOneSessionAreAnsweredInOrderWhicheverPodTakesThem() throws Exception {
        try (EventStream tab = EventStream.open(podA, "ordered", null)) {
            List<String> statuses = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                JsonNode answer = post(i % 2 == 0 ? podA : podB, "ordered", question(i), "m" + i);
                statuses.add(answer.get("status").asString());
            }
            awaitComplete(tab, "m5");

            assertThat(
                            tab.events().stream()
                                    .filter(event -> event.name().equals("message_complete"))
                                    .map(Event::messageId))
                    .containsExactly("m0", "m1", "m2", "m3", "m4", "m5");
            assertThat(statuses.getFirst()).isEqualTo("accepted");
            assertThat(statuses.subList(1, 6)).containsOnly("queued");
            IntStream.range(0, 6)
                    .forEach(
                            i -> assertThat(text(tab, "m" + i)).isEqualTo(demoAnswer(question(i))));
        }
    }

    /// The first one is long, so that its answer is in progress while the others are sent.
    private static String question(int number) {
        return "question " + number + (number == 0 ? " word".repeat(300) : "");
    }

    @Test
    void aRequestIsExecutedByExactlyOneWorker() throws Exception {
        List<EventStream> tabs = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                tabs.add(EventStream.open(i % 2 == 0 ? podA : podB, "many-" + i, null));
            }
            for (int i = 0; i < 20; i++) {
                post(podA, "many-" + i, "question " + i, "m");
            }
            for (int i = 0; i < 20; i++) {
                awaitComplete(tabs.get(i), "m");
                assertThat(text(tabs.get(i), "m")).isEqualTo(demoAnswer("question " + i));
                assertThat(
                                chunks(tabs.get(i), "m").stream()
                                        .map(event -> event.data().get("chunk_id").asInt()))
                        .isEqualTo(
                                IntStream.range(0, chunks(tabs.get(i), "m").size())
                                        .boxed()
                                        .toList());
            }
        } finally {
            tabs.forEach(EventStream::close);
        }
    }

    @Test
    void theSameMessageSentTwiceIsAnsweredOnce() throws Exception {
        try (EventStream tab = EventStream.open(podA, "twice", null)) {
            JsonNode first = post(podA, "twice", "once", "m1");
            JsonNode second = post(podB, "twice", "once", "m1");
            post(podB, "twice", "done", "m2");
            awaitComplete(tab, "m2");

            assertThat(second.get("message_id")).isEqualTo(first.get("message_id"));
            assertThat(
                            tab.events().stream()
                                    .filter(event -> event.name().equals("message_complete")))
                    .hasSize(2);
        }
    }

    /// The behaviour of a load balancer that gives each message a key and tries another gateway when one has
    /// not answered.
    @Test
    void aMessageWithoutAnIdThatTwoGatewaysGetUnderOneKeyIsAnsweredOnce() throws Exception {
        Map<String, String> key = Map.of("Idempotency-Key", "0123456789abcdef");
        try (EventStream tab = EventStream.open(podA, "keyed", null)) {
            HttpResponse<String> first = answer(podA, "keyed", "once", null, key);
            HttpResponse<String> second = answer(podB, "keyed", "once", null, key);
            HttpResponse<String> changed = answer(podB, "keyed", "something else", null, key);
            post(podB, "keyed", "done", "m2");
            awaitComplete(tab, "m2");
            HttpResponse<String> late = answer(podA, "keyed", "once", null, key);
            post(podA, "keyed", "done", "m3");
            awaitComplete(tab, "m3");

            String id = JsonMapper.shared().readTree(first.body()).get("message_id").asString();
            for (HttpResponse<String> each : List.of(first, second, late)) {
                assertThat(each.statusCode()).isEqualTo(202);
                assertThat(each.body()).contains("\"message_id\":\"" + id + "\"");
            }
            assertThat(changed.statusCode()).isEqualTo(409);
            assertThat(changed.body())
                    .contains("\"code\":\"message_conflict\"", "already sent with another body");
            for (String event : List.of("message", "message_complete")) {
                assertThat(tab.events())
                        .filteredOn(each -> each.name().equals(event))
                        .extracting(Event::messageId)
                        .containsExactly(id, "m2", "m3");
            }
            assertThat(text(tab, id)).isEqualTo(demoAnswer("once"));
        }
    }

    @Test
    void eachWarningInTheLogIsCountedUnderItsText() throws Exception {
        await("the worker to be up")
                .atMost(IN_TIME)
                .until(() -> installation.output(worker).contains("worker pid="));
        try (Connection nats = Nats.connect(installation.addresses().get("NATS_URL"))) {
            nats.publish("chat.pod.pod-" + podA.getPort() + ".response", new byte[] {'{'});
            nats.publish("chat.workflow.cancel", new byte[] {'{'});
            nats.flush(Duration.ofSeconds(5));
        }
        String line =
                installation
                        .output(worker)
                        .lines()
                        .filter(each -> each.startsWith("worker pid="))
                        .findFirst()
                        .orElseThrow();
        URI status = URI.create(line.substring(line.indexOf("http")));

        awaitCounted(podA, "ignored a malformed ring");
        awaitCounted(status, "ignored a malformed notice");
    }

    private static void awaitCounted(URI process, String line) {
        HttpRequest request = HttpRequest.newBuilder(process.resolve("/metrics")).build();
        await("the counter of: " + line)
                .atMost(IN_TIME)
                .until(() ->
                        HTTP.send(request, BodyHandlers.ofString())
                                .body()
                                .contains(
                                        "chat_log_lines_total{level=\"warn\",line=\""
                                                + line
                                                + "\"} 1.0\n"));
    }

    @Test
    void aPlainPublisherAPlainPodAndABrowserShareASession() throws Exception {
        List<JsonNode> heard = new CopyOnWriteArrayList<>();
        try (Connection nats = Nats.connect(installation.addresses().get("NATS_URL"));
                EventStream tab = EventStream.open(podA, "plain", null)) {
            nats.createDispatcher(
                            message -> heard.add(JsonMapper.shared().readTree(message.getData())))
                    .subscribe("chat.pod.plain-pod.response");
            nats.flush(Duration.ofSeconds(5));
            installation.register("plain", "plain-pod:conn-1");

            nats.publish(
                    "chat.workflow.execute.plain",
                    """
                    {"message_id":"m1","session_id":"plain","user_id":"user1","message":"hi"}
                    """
                            .getBytes(StandardCharsets.UTF_8));

            awaitComplete(tab, "m1");
            await().atMost(IN_TIME)
                    .until(() ->
                            heard.stream().anyMatch(chunk -> chunk.get("is_final").asBoolean()));
            assertThat(text(tab, "m1")).isEqualTo(demoAnswer("hi"));
            assertThat(
                            heard.stream()
                                    .map(chunk -> chunk.get("chunk").asString())
                                    .collect(Collectors.joining()))
                    .isEqualTo(demoAnswer("hi"));
            assertThat(tab.events().get(1).name()).isEqualTo("message");
        }
    }

    @Test
    void aStreamOfAnotherUsersSessionIsNotThere() throws IOException, InterruptedException {
        try (EventStream mine = EventStream.open(podA, "mine", null)) {
            HttpResponse<String> theirs =
                    HTTP.send(
                            HttpRequest.newBuilder(
                                            podB.resolve("/api/sse?session_id=mine&user_id=thief"))
                                    .build(),
                            BodyHandlers.ofString());

            assertThat(theirs.statusCode()).isEqualTo(404);
            assertThat(theirs.body()).contains("session_not_found");
            assertThat(mine.isOpen()).isTrue();
        }
    }
}
