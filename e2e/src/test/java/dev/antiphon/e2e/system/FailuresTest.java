package dev.antiphon.e2e.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream;
import dev.antiphon.e2e.installation.EventStream.Event;
import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.servers.Ports;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.json.JsonMapper;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
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
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Rows of docs/failures.md that no other test covers with separate processes.
@SuppressWarnings("try") // if closing is interrupted, the test has failed already
@Timeout(240)
final class FailuresTest {

    /// A request whose worker's claim was lost with Redis comes again after NATS' 30 s.
    private static final Duration WITHIN = Duration.ofMinutes(2);

    private static final String QUESTION = "word ".repeat(100).strip();

    @TempDir Path folder;
    private Installation installation;
    private URI pod = URI.create("http://127.0.0.1");

    @BeforeEach
    void open() {
        installation = Installation.open(folder);
    }

    @AfterEach
    void close() {
        installation.close();
    }

    private void start(String pace) {
        installation.worker(Map.of("CHAT_DEMO_DELAY", pace));
        pod = installation.gateway(Map.of()).address();
    }

    private void ask(String session, String text) throws Exception {
        String body =
                JsonMapper.shared()
                        .createObjectNode()
                        .put("session_id", session)
                        .put("user_id", "user1")
                        .put("message_id", "m1")
                        .put("message", text)
                        .toString();
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> response =
                    http.send(
                            HttpRequest.newBuilder(pod.resolve("/api/chat"))
                                    .header("Content-Type", "application/json")
                                    .POST(BodyPublishers.ofString(body))
                                    .build(),
                            BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
        }
    }

    private static void awaitEvent(EventStream stream, Predicate<Event> wanted) {
        await().atMost(WITHIN).until(() -> stream.events().stream().anyMatch(wanted));
    }

    private static void awaitChunk(EventStream stream, int id) {
        awaitEvent(
                stream,
                event ->
                        event.name().equals("chunk") && event.data().get("chunk_id").asInt() >= id);
    }

    private static void awaitComplete(EventStream stream) {
        awaitEvent(stream, event -> event.name().equals("message_complete"));
    }

    private static void awaitStatus(EventStream stream, String status, String reason) {
        awaitEvent(
                stream,
                event ->
                        event.name().equals("status")
                                && event.data().path("status").asString("").equals(status)
                                && event.data().path("reason").asString("").equals(reason));
    }

    private static String text(List<Event> events) {
        return events.stream()
                .filter(event -> event.name().equals("chunk"))
                .map(event -> event.data().get("chunk").asString())
                .collect(Collectors.joining());
    }

    private static void assertNothingLostOrDoubled(List<Event> events) {
        List<Long> numbers = new ArrayList<>();
        for (Event event : events) {
            if (event.id() != null) {
                numbers.add(EntryId.parse(event.id()).number());
            }
        }
        for (int i = 1; i < numbers.size(); i++) {
            assertThat(numbers.get(i)).isEqualTo(numbers.get(i - 1) + 1);
        }
    }

    @Test
    void whileNatsIsUnavailableAnAnswerComesInBurstsAndNothingIsLost() throws Exception {
        start("100ms");
        try (EventStream tab = EventStream.open(pod, "s", null)) {
            ask("s", QUESTION);
            awaitChunk(tab, 3);

            installation.nats().kill();
            awaitStatus(tab, "degraded", "nats_away");
            int before = tab.events().size();
            await().atMost(WITHIN).until(() -> tab.events().size() > before + 10);
            installation.nats().restart();
            awaitStatus(tab, "recovered", "");

            awaitComplete(tab);
            assertNothingLostOrDoubled(tab.events());
            assertThat(text(tab.events())).contains("'" + QUESTION + "'").endsWith("system.");
        }
    }

    @Test
    void anAnswerWaitsForARedisThatIsRestartedAndNothingIsLost() throws Exception {
        start("100ms");
        try (EventStream tab = EventStream.open(pod, "s", null)) {
            ask("s", QUESTION);
            awaitChunk(tab, 3);

            installation.redis().kill();
            awaitStatus(tab, "degraded", "redis_away");
            installation.redis().restart();
            awaitStatus(tab, "recovered", "");

            awaitComplete(tab);
            assertNothingLostOrDoubled(tab.events());
            assertThat(text(tab.events())).contains("'" + QUESTION + "'").endsWith("system.");
            assertThat(tab.events()).noneMatch(event -> event.name().equals("resync"));
        }
    }

    @Test
    void whenRedisLosesEverythingTheReaderGetsAResyncAndTheAnswerAgain() throws Exception {
        start("100ms");
        try (EventStream tab = EventStream.open(pod, "s", null)) {
            ask("s", QUESTION);
            awaitChunk(tab, 3);

            installation.loseAll();

            awaitEvent(tab, event -> event.name().equals("resync"));
            awaitComplete(tab);
            List<Event> events = tab.events();
            int resync = 0;
            for (int i = 0; i < events.size(); i++) {
                resync = events.get(i).name().equals("resync") ? i : resync;
            }
            List<Event> after = events.subList(resync, events.size());
            assertNothingLostOrDoubled(after);
            assertThat(text(after)).startsWith("I received your message: '" + QUESTION);
            assertThat(text(after)).endsWith("system.");
        }
    }

    @Test
    void aClientThatNeverReadsDelaysNoOtherClient() throws Exception {
        start("0ms");
        List<Socket> silent = new ArrayList<>();
        try (EventStream tab = EventStream.open(pod, "s", null)) {
            for (int i = 0; i < 20; i++) {
                Socket socket = new Socket();
                silent.add(socket);
                socket.setReceiveBufferSize(4_096);
                socket.connect(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), pod.getPort()));
                socket.getOutputStream()
                        .write(
                                "GET /api/sse?session_id=s&user_id=user1 HTTP/1.1\r\nHost: h\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII));
            }
            String question = "word ".repeat(10_000).strip(); // about a megabyte of events

            ask("s", question);

            awaitComplete(tab);
            assertNothingLostOrDoubled(tab.events());
            assertThat(text(tab.events())).contains(question);
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    @Test
    void processesThatStartBeforeTheirServersSayOnceThatTheyWait() throws Exception {
        installation.nats().kill();
        installation.redis().kill();
        int port = Ports.free();
        installation.worker(Map.of("CHAT_DEMO_DELAY", "0ms"));
        installation.startGateway(port, Map.of());
        List<String> names = List.of("worker-0.log", "gateway-" + port + ".log");
        for (String name : names) {
            await().atMost(WITHIN)
                    .until(() -> installation.output(name).contains("waiting for Redis"));
        }

        installation.redis().restart();
        for (String name : names) {
            await().atMost(WITHIN)
                    .until(() -> installation.output(name).contains("waiting for NATS"));
        }
        installation.nats().restart();

        Installation.Gateway gateway = installation.awaitGateway(port);
        pod = gateway.address();
        try (EventStream tab = EventStream.open(pod, "s", null)) {
            ask("s", "hi");
            awaitComplete(tab);
        }
        for (String name : names) {
            assertThat(installation.output(name)).containsOnlyOnce("waiting for Redis");
            assertThat(installation.output(name)).containsOnlyOnce("waiting for NATS");
        }
    }
}
