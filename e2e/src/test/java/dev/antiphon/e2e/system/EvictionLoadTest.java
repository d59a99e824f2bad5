package dev.antiphon.e2e.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream;
import dev.antiphon.e2e.installation.EventStream.Event;
import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.servers.RedisServer;

import io.lettuce.core.RedisClient;

import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/// Many conversations on a Redis that constantly evicts keys. Conversations are lost; nothing else can go wrong.
@SuppressWarnings("try") // if closing is interrupted, the test has failed already
@Timeout(180)
final class EvictionLoadTest {

    private static final int SESSIONS = 30;
    private static final Duration LOAD = Duration.ofSeconds(12);

    /// An answer whose keys were evicted begins again when NATS delivers its request again, or never.
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Duration IN_TIME = Duration.ofSeconds(45);

    @TempDir Path folder;

    private final Map<String, String> questions = new ConcurrentHashMap<>();
    private final Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicInteger unanswered = new AtomicInteger();

    @Test
    void aRedisThatEvictsKeysUnderLoadLosesConversationsAndNothingElse() throws Exception {
        RedisServer.Options evicting =
                RedisServer.Options.temporary()
                        .with("--maxmemory", "5mb", "--maxmemory-policy", "allkeys-lru");
        List<EventStream> tabs = new ArrayList<>();
        try (Installation installation = Installation.open(folder, evicting);
                HttpClient http = HttpClient.newHttpClient();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            installation.worker(Map.of("CHAT_DEMO_DELAY", "5ms", "CHAT_DEMO_WORDS", "10"));
            URI pod = installation.gateway(Map.of()).address();
            for (int i = 0; i < SESSIONS; i++) {
                tabs.add(EventStream.open(pod, "s" + i, null));
            }
            long end = System.nanoTime() + LOAD.toNanos();
            List<Future<?>> people = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                int number = i;
                people.add(
                        threads.submit(() -> {
                            converse(http, pod, number, tabs.get(number), end);
                            return true;
                        }));
            }
            for (Future<?> each : people) {
                each.get();
            }
            long evicted = evicted(installation);
            allow(installation, "0");
            for (int i = 0; i < SESSIONS; i++) {
                assertThat(ask(http, pod, "s" + i, "last" + i)).isEqualTo(202);
            }
            for (int i = 0; i < SESSIONS; i++) {
                EventStream tab = tabs.get(i);
                String message = "last" + i;
                await(message).atMost(IN_TIME).until(() -> isComplete(tab, message));
            }

            System.out.printf(
                    "%d keys evicted, %d answers seen, %d not seen, %d resyncs, statuses %s%n",
                    evicted,
                    answered.get(),
                    unanswered.get(),
                    tabs.stream().mapToLong(EvictionLoadTest::resyncs).sum(),
                    statuses);
            assertThat(evicted).isGreaterThan(100); // otherwise the test proves nothing
            for (int i = 0; i < SESSIONS; i++) {
                check("s" + i, tabs.get(i).events());
            }
            assertThat(statuses.keySet()).isSubsetOf(202, 503);
            assertThat(installation.output("worker-0.log"))
                    .contains("Redis evicts keys when it is full");
        } finally {
            tabs.forEach(EventStream::close);
        }
    }

    private void converse(HttpClient http, URI pod, int number, EventStream tab, long end)
            throws Exception {
        String session = "s" + number;
        for (int i = 0; System.nanoTime() < end; i++) {
            String message = "m" + number + "_" + i;
            int status = ask(http, pod, session, message);
            statuses.computeIfAbsent(status, _ -> new AtomicInteger()).incrementAndGet();
            boolean complete = status == 202 && sees(tab, message);
            (complete ? answered : unanswered).incrementAndGet();
            stranger(http, pod, session);
        }
    }

    private static boolean sees(EventStream tab, String message) {
        try {
            await().atMost(PATIENCE).until(() -> isComplete(tab, message));
            return true;
        } catch (ConditionTimeoutException e) {
            return false;
        }
    }

    /// As the last event of its answer, or in the turns of a resync when the answer ended before that.
    private static boolean isComplete(EventStream tab, String message) {
        return tab.events().stream()
                .anyMatch(event ->
                        switch (event.name()) {
                            case "message_complete" -> event.messageId().equals(message);
                            case "resync" -> isAmong(event.data().get("messages"), message);
                            default -> false;
                        });
    }

    private static boolean isAmong(JsonNode turns, String message) {
        for (JsonNode turn : turns) {
            if (turn.get("message_id").asString().equals(message)) {
                return true;
            }
        }
        return false;
    }

    private int ask(HttpClient http, URI pod, String session, String message) throws Exception {
        String question = message + " word".repeat(400);
        questions.put(message, question);
        String body =
                JsonMapper.shared()
                        .createObjectNode()
                        .put("session_id", session)
                        .put("user_id", "user1")
                        .put("message_id", message)
                        .put("message", question)
                        .toString();
        return http.send(
                        HttpRequest.newBuilder(pod.resolve("/api/chat"))
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.ofString())
                .statusCode();
    }

    private static void stranger(HttpClient http, URI pod, String session) throws Exception {
        URI messages = pod.resolve("/api/sessions/" + session + "/messages?user_id=stranger");
        HttpResponse<String> response =
                http.send(HttpRequest.newBuilder(messages).build(), BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isIn(404, 503);
    }

    private static long evicted(Installation installation) {
        try (RedisClient client = RedisClient.create(installation.redis().url());
                var connection = client.connect()) {
            return connection
                    .sync()
                    .info("stats")
                    .lines()
                    .filter(line -> line.startsWith("evicted_keys:"))
                    .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1)))
                    .sum();
        }
    }

    private static void allow(Installation installation, String memory) {
        try (RedisClient client = RedisClient.create(installation.redis().url());
                var connection = client.connect()) {
            connection.sync().configSet("maxmemory", memory);
        }
    }

    private static long resyncs(EventStream tab) {
        return tab.events().stream().filter(event -> event.name().equals("resync")).count();
    }

    /// Between two resyncs a tab has a contiguous part of one log, each answer from its beginning and without a double.
    private void check(String session, List<Event> events) {
        EntryId last = null;
        Map<String, StringBuilder> texts = new HashMap<>();
        Map<String, Integer> chunks = new HashMap<>();
        boolean resynced = false;
        for (Event event : events) {
            String place = session + " " + event.name() + " " + event.id() + " after " + last;
            if (event.name().equals("resync")) {
                last = EntryId.parse(event.data().get("cursor").asString());
                texts.clear();
                chunks.clear();
                resynced = true;
                continue;
            }
            if (event.id() == null) {
                assertThat(event.name()).as(place).isIn("connected", "status");
                continue;
            }
            EntryId id = EntryId.parse(event.id());
            assertContinues(place, last, id);
            last = id;
            if (event.name().equals("chunk")) {
                take(place, event, texts, chunks, resynced);
            } else if (event.name().equals("message_complete")) {
                StringBuilder text = texts.get(event.messageId());
                if (text != null) {
                    assertThat(text.toString())
                            .as(place)
                            .contains("'" + questions.get(event.messageId()) + "'")
                            .startsWith("I received your message: '")
                            .endsWith(" chunk buffering system.");
                }
            }
        }
    }

    private static void assertContinues(String place, @Nullable EntryId last, EntryId id) {
        if (last != null) {
            assertThat(id.generation()).as(place).isEqualTo(last.generation());
            assertThat(id.number()).as(place).isEqualTo(last.number() + 1);
        }
    }

    private static void take(
            String place,
            Event event,
            Map<String, StringBuilder> texts,
            Map<String, Integer> chunks,
            boolean resynced) {
        JsonNode data = event.data();
        String message = event.messageId();
        int chunk = data.get("chunk_id").asInt();
        int expected = chunks.getOrDefault(message, resynced ? chunk : 0);
        assertThat(chunk).as("%s of %s", place, message).isEqualTo(expected);
        chunks.put(message, chunk + 1);
        if (chunk == 0) {
            texts.put(message, new StringBuilder());
        }
        StringBuilder text = texts.get(message);
        if (text != null) {
            text.append(data.get("chunk").asString());
        }
    }
}
