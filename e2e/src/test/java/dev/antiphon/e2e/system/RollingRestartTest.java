package dev.antiphon.e2e.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream.Event;
import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.e2e.installation.Installation.Gateway;
import dev.antiphon.e2e.installation.PatientReader;
import dev.antiphon.servers.ChildProcess;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

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
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Workers and gateways are stopped and killed one after the other while answers stream.
@SuppressWarnings("try") // if closing is interrupted, the test has failed already
final class RollingRestartTest {

    private static final Duration IN_TIME = Duration.ofSeconds(60);

    /// Usually less than two seconds; a busy build machine can be five times slower.
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private static final int SESSIONS = 12;

    /// Shorter than an answer (3 s): some answers end within the grace period, others are handed over.
    private static final Map<String, String> WORKER =
            Map.of("CHAT_DEMO_DELAY", "200ms", "CHAT_WORKER_GRACE", "1s");

    @TempDir Path folder;

    private final List<ChildProcess> workers = new ArrayList<>();
    private final List<Conversation> conversations = new ArrayList<>();
    private Installation installation;
    private HttpClient http;

    @BeforeEach
    void open() {
        http = HttpClient.newHttpClient();
        installation = Installation.open(folder);
    }

    @AfterEach
    void close() {
        conversations.forEach(Conversation::close);
        http.close();
        installation.close();
    }

    /// A session that asks the next question as soon as the last one is answered.
    private final class Conversation implements AutoCloseable {
        final String session;
        final URI gateway;
        final PatientReader reader;
        int asked;

        Conversation(int number, URI gateway) {
            session = "session-" + number;
            this.gateway = gateway;
            reader = new PatientReader(gateway, session);
        }

        String message() {
            return session + "-m" + asked;
        }

        String question() {
            return "unique question " + session + " " + asked;
        }

        boolean answered() {
            return reader.events().stream().anyMatch(this::ends);
        }

        private boolean ends(Event event) {
            return event.name().equals("message_complete") && event.messageId().equals(message());
        }

        void goOn() throws Exception {
            reader.look();
            if (asked == 0 || answered()) {
                check();
                asked++;
                ask();
            }
        }

        private void ask() throws Exception {
            String body =
                    """
                    {"session_id":"%s","user_id":"user1","message_id":"%s","message":"%s"}\
                    """
                            .formatted(session, message(), question());
            HttpRequest request =
                    HttpRequest.newBuilder(gateway.resolve("/api/chat"))
                            .header("Content-Type", "application/json")
                            .POST(BodyPublishers.ofString(body))
                            .build();
            // A client retries a message without an answer: the message's id makes that harmless.
            await().atMost(IN_TIME)
                    .ignoreExceptionsInstanceOf(java.io.IOException.class)
                    .until(() -> {
                        HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
                        return answer.statusCode() == 202;
                    });
        }

        /// The last answer is complete, exactly once and in order.
        void check() {
            if (asked == 0) {
                return;
            }
            assertThat(reader.text(message()))
                    .isEqualTo(
                            "I received your message: '"
                                    + question()
                                    + "' This is a demo response from the LangGraph workflow"
                                    + " service. In a real implementation, this would integrate"
                                    + " with AI models like GPT-4, Claude, etc. The response is"
                                    + " being streamed token by token to demonstrate the chunk"
                                    + " buffering system.");
            List<Integer> ids =
                    reader.chunks(message())
                            .map(event -> event.data().get("chunk_id").asInt())
                            .toList();
            assertThat(ids).isEqualTo(IntStream.range(0, ids.size()).boxed().toList());
        }

        /// Between any two events of one answer.
        Duration longestPause() {
            long longest = 0;
            for (int i = 1; i <= asked; i++) {
                String message = session + "-m" + i;
                long[] times =
                        reader.events().stream()
                                .filter(event -> event.messageId().equals(message))
                                .mapToLong(Event::nanos)
                                .toArray();
                for (int j = 1; j < times.length; j++) {
                    longest = Math.max(longest, times[j] - times[j - 1]);
                }
            }
            return Duration.ofNanos(longest);
        }

        @Override
        public void close() {
            reader.close();
        }
    }

    private void converse(List<URI> gateways) {
        for (int i = 0; i < SESSIONS; i++) {
            conversations.add(new Conversation(i, gateways.get(i % gateways.size())));
        }
    }

    /// Lets all sessions continue until each has been answered once more.
    private void oneMoreAnswerEach() throws Exception {
        List<Integer> before = conversations.stream().map(each -> each.asked).toList();
        await().atMost(IN_TIME)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    boolean all = true;
                    for (int i = 0; i < SESSIONS; i++) {
                        conversations.get(i).goOn();
                        all &= conversations.get(i).asked > before.get(i) + 1;
                    }
                    return all;
                });
    }

    private void endAll() {
        for (Conversation each : conversations) {
            await().atMost(IN_TIME)
                    .until(() -> {
                        each.reader.look();
                        return each.answered();
                    });
            each.check();
        }
    }

    private Duration longestPause() {
        return conversations.stream()
                .map(Conversation::longestPause)
                .max(Duration::compareTo)
                .orElseThrow();
    }

    private int answers() {
        return conversations.stream().mapToInt(each -> each.asked).sum();
    }

    @Test
    void nothingIsLostWhenAllWorkersAreRestartedOneAfterTheOther() throws Exception {
        for (int i = 0; i < 3; i++) {
            workers.add(installation.worker(WORKER));
        }
        converse(List.of(installation.gateway(Map.of()).address()));
        oneMoreAnswerEach();

        for (int i = 0; i < 3; i++) {
            replaceWorker(i, worker -> worker.stop(Duration.ofSeconds(30)));
            oneMoreAnswerEach();
        }
        endAll();

        System.out.printf(
                Locale.ROOT,
                "rolling restart of 3 workers: %d answers, longest pause %d ms%n",
                answers(),
                longestPause().toMillis());
        assertThat(longestPause()).isLessThan(LONGEST_PAUSE);
    }

    @Test
    void nothingIsLostWhenAllGatewaysAreRestartedOneAfterTheOther() throws Exception {
        workers.add(installation.worker(WORKER));
        List<Gateway> gateways =
                List.of(installation.gateway(Map.of()), installation.gateway(Map.of()));
        converse(gateways.stream().map(Gateway::address).toList());
        oneMoreAnswerEach();

        for (Gateway each : gateways) {
            Thread stop = Thread.startVirtualThread(() -> each.process().stop(IN_TIME));
            stop.join();
            installation.gateway(each.port(), Map.of());
            oneMoreAnswerEach();
        }
        endAll();

        assertThat(conversations).allMatch(each -> each.reader.reconnects() > 0);
        System.out.printf(
                Locale.ROOT,
                "rolling restart of 2 gateways: %d answers, longest pause %d ms%n",
                answers(),
                longestPause().toMillis());
    }

    /// Only measures: -Dantiphon.kills=50.
    @Test
    @EnabledIfSystemProperty(named = "antiphon.kills", matches = "[0-9]+")
    void pausesAfterKilledWorkers() throws Exception {
        int kills = Integer.parseInt(System.getProperty("antiphon.kills", "0"));
        for (int i = 0; i < 3; i++) {
            workers.add(installation.worker(WORKER));
        }
        converse(List.of(installation.gateway(Map.of()).address()));
        List<Long> pauses = new ArrayList<>();
        for (int i = 0; i < kills; i++) {
            oneMoreAnswerEach();
            List<Integer> asked = conversations.stream().map(each -> each.asked).toList();
            long killed = System.nanoTime();
            replaceWorker(i % 3, ChildProcess::kill);
            oneMoreAnswerEach();
            for (int j = 0; j < SESSIONS; j++) {
                Conversation each = conversations.get(j);
                pauses.add(pauseAround(each, each.session + "-m" + asked.get(j), killed));
            }
        }
        endAll();
        // The killed worker had a third of the answers: the others show no pause.
        long[] hit = pauses.stream().mapToLong(p -> p).filter(p -> p > 1_000).sorted().toArray();
        System.out.printf(
                Locale.ROOT,
                "%d kills, %d answers interrupted: p50 %d ms, p99 %d ms, max %d ms%n",
                kills,
                hit.length,
                hit[hit.length / 2],
                hit[Math.min(hit.length - 1, hit.length * 99 / 100)],
                hit[hit.length - 1]);
    }

    /// The pause in an answer that spans this moment.
    private static long pauseAround(Conversation each, String message, long moment) {
        long before = Long.MIN_VALUE;
        for (Event event : each.reader.events()) {
            if (event.messageId().equals(message)) {
                if (event.nanos() > moment && before > Long.MIN_VALUE) {
                    return (event.nanos() - before) / 1_000_000;
                }
                before = event.nanos();
            }
        }
        return 0;
    }

    private void replaceWorker(int number, Consumer<ChildProcess> end) throws Exception {
        ChildProcess old = workers.get(number);
        Thread stopping = Thread.startVirtualThread(() -> end.accept(old));
        await().atMost(IN_TIME)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    for (Conversation each : conversations) {
                        each.goOn();
                    }
                    return !stopping.isAlive();
                });
        workers.set(number, installation.worker(WORKER));
    }
}
