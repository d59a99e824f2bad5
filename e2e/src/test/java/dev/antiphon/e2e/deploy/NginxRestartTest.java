package dev.antiphon.e2e.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream;
import dev.antiphon.e2e.installation.EventStream.Event;
import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.servers.Ports;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.json.JsonMapper;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/// All three gateways behind the shipped nginx are restarted one after the other, while clients send messages without
/// ids and read streams.
final class NginxRestartTest {

    private static final int SESSIONS = 16;
    private static final Duration IN_TIME = Duration.ofSeconds(60);

    /// Many short answers: the load is the messages. Their pace leaves processor time for the restarted gateway: nginx
    /// gives up on a message after 10 s.
    private static final Map<String, String> WORKER =
            Map.of("CHAT_DEMO_DELAY", "30ms", "CHAT_DEMO_WORDS", "10");

    @TempDir Path folder;

    @Test
    @Timeout(240)
    void noClientNoticesThatAllGatewaysAreRestarted() throws Exception {
        List<Integer> ports = IntStream.range(0, 3).mapToObj(_ -> Ports.free()).toList();
        try (Installation installation = Installation.open(folder);
                HttpClient http = HttpClient.newHttpClient();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            installation.worker(WORKER);
            ports.forEach(port -> installation.startGateway(port, Map.of()));
            List<Installation.Gateway> gateways =
                    ports.stream().map(installation::awaitGateway).toList();
            try (Nginx nginx = Nginx.start(Nginx.shipped(), Ports.free(), folder, gateways)) {
                AtomicBoolean over = new AtomicBoolean();
                List<Client> clients =
                        IntStream.range(0, SESSIONS)
                                .mapToObj(i -> new Client(http, nginx.address(), "roll-" + i))
                                .toList();
                List<Future<?>> all = new ArrayList<>();
                clients.forEach(client -> all.add(threads.submit(() -> client.chat(over))));
                awaitOneMoreAnswerEach(clients, all);
                for (Installation.Gateway each : gateways) {
                    each.process().stop(IN_TIME);
                    installation.gateway(each.port(), Map.of());
                    awaitOneMoreAnswerEach(clients, all);
                }
                over.set(true);
                for (Future<?> each : all) {
                    each.get(IN_TIME.toSeconds(), TimeUnit.SECONDS);
                }

                print(clients);
                assertThat(clients).allSatisfy(Client::noticedNothing);
                assertThat(clients).anyMatch(client -> client.reopened > 0);
            }
        }
    }

    private static void awaitOneMoreAnswerEach(List<Client> clients, List<Future<?>> running) {
        List<Integer> before = clients.stream().map(client -> client.answered.get()).toList();
        await().atMost(IN_TIME)
                .failFast(
                        "a client has failed, which its future tells",
                        () -> running.stream().anyMatch(Future::isDone))
                .until(() ->
                        IntStream.range(0, SESSIONS)
                                .allMatch(i -> clients.get(i).answered.get() > before.get(i)));
    }

    private static void print(List<Client> clients) {
        System.out.printf(
                Locale.ROOT,
                "rolling restart of 3 gateways behind nginx: %d messages, %d refused, the slowest"
                        + " after %d ms; %d streams opened again, %d refused%n",
                clients.stream().mapToInt(client -> client.sent).sum(),
                clients.stream().mapToInt(client -> client.refused.size()).sum(),
                clients.stream().mapToLong(client -> client.slowest.toMillis()).max().orElse(0),
                clients.stream().mapToInt(client -> client.reopened).sum(),
                clients.stream().mapToInt(client -> client.refusedStreams.size()).sum());
    }

    /// A session that sends the next message as soon as the last one is answered. Its client retries only a stream that
    /// ended, and the gateway chooses the message's id.
    private static final class Client {
        private final HttpClient http;
        private final URI address;
        private final String session;
        private final List<Event> events = new ArrayList<>();
        private final List<String> accepted = new ArrayList<>();
        private final List<Integer> refused = new ArrayList<>();
        private final List<String> refusedStreams = new ArrayList<>();
        private Duration slowest = Duration.ZERO;
        private int sent;
        private int reopened;
        private @Nullable String cursor;
        private final AtomicInteger answered = new AtomicInteger();

        Client(HttpClient http, URI address, String session) {
            this.http = http;
            this.address = address;
            this.session = session;
        }

        @Nullable Void chat(AtomicBoolean over) throws Exception {
            EventStream stream = EventStream.open(address, session, null);
            try {
                while (!over.get()) {
                    String message = send();
                    while (message != null && !isAnswered(stream, message)) {
                        stream = opened(stream);
                    }
                    answered.incrementAndGet();
                }
                events.addAll(stream.events());
                return null;
            } finally {
                stream.close();
            }
        }

        /// @return the message's id, or null when it was refused
        private @Nullable String send() throws Exception {
            String body =
                    "{\"session_id\":\"%s\",\"user_id\":\"user1\",\"message\":\"question %d\"}"
                            .formatted(session, sent++);
            HttpRequest request =
                    HttpRequest.newBuilder(address.resolve("/api/chat"))
                            .header("Content-Type", "application/json")
                            .timeout(IN_TIME)
                            .POST(BodyPublishers.ofString(body))
                            .build();
            long begin = System.nanoTime();
            HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            slowest = took.compareTo(slowest) > 0 ? took : slowest;
            if (answer.statusCode() != 202) {
                refused.add(answer.statusCode());
                return null;
            }
            String id = JsonMapper.shared().readTree(answer.body()).path("message_id").asString();
            accepted.add(id);
            return id;
        }

        /// Waits until the answer is complete, or the stream has ended before that.
        private static boolean isAnswered(EventStream stream, String message) {
            await().atMost(IN_TIME)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> !stream.isOpen() || completes(stream, message));
            return completes(stream, message);
        }

        private static boolean completes(EventStream stream, String message) {
            return stream.events().stream()
                    .anyMatch(event ->
                            event.name().equals("message_complete")
                                    && event.messageId().equals(message));
        }

        /// The stream, or a stream that continues where it ended. An EventSource would end at a refused one.
        private EventStream opened(EventStream stream) {
            if (stream.isOpen()) {
                return stream;
            }
            String place = stream.lastEventId() == null ? cursor : stream.lastEventId();
            try {
                EventStream next = EventStream.open(address, session, place);
                events.addAll(stream.events());
                stream.close();
                cursor = place;
                reopened++;
                return next;
            } catch (IllegalStateException e) {
                refusedStreams.add(String.valueOf(e.getMessage()));
                return stream;
            }
        }

        void noticedNothing() {
            assertThat(refused).as("statuses of messages").isEmpty();
            assertThat(refusedStreams).isEmpty();
            assertThat(ids("message")).as("what was asked").isEqualTo(accepted);
            assertThat(ids("message_complete")).as("what was answered").isEqualTo(accepted);
        }

        private List<String> ids(String event) {
            return events.stream()
                    .filter(each -> each.name().equals(event))
                    .map(Event::messageId)
                    .toList();
        }
    }
}
