package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.servers.Ports;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;

/// A pod that stops under load.
@SuppressWarnings("try") // closing can be interrupted, and then the test has failed anyway
@Timeout(120)
final class DrainTest {

    private static final int SESSIONS = 6;
    private static final int TABS = 5;

    /// The documented pause is two seconds; a busy machine can take longer.
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private TestServers servers;
    private ExecutorService threads;

    @BeforeEach
    void open() throws InterruptedException {
        servers = TestServers.open();
        threads = Executors.newVirtualThreadPerTaskExecutor();
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        threads.close();
        servers.close();
    }

    /// The events of a reader that moves to another pod whenever its stream ends.
    private record Journey(List<Long> numbers, int streams, Duration longestPause) {}

    private static Journey travel(int[] ports, int first, String session) throws Exception {
        List<Long> numbers = new ArrayList<>();
        String last = null;
        long endedAt = System.nanoTime();
        Duration longest = Duration.ZERO;
        int streams = 0;
        for (boolean complete = false; !complete; streams++) {
            int at = first + streams;
            try (EventStream stream = openAnywhere(ports, at, session, last)) {
                await().pollInterval(Duration.ofMillis(5))
                        .until(() -> !stream.events().isEmpty() || stream.ended());
                Duration pause = Duration.ofNanos(System.nanoTime() - endedAt);
                longest = streams > 0 && pause.compareTo(longest) > 0 ? pause : longest;
                await().atMost(Duration.ofSeconds(60))
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> stream.ended() || stream.names().contains("message_complete"));
                endedAt = System.nanoTime();
                numbers.addAll(stream.numbers());
                complete = stream.names().contains("message_complete");
                for (EventStream.Event event : stream.events()) {
                    last = event.id() == null ? last : event.id();
                }
            }
        }
        return new Journey(numbers, streams, longest);
    }

    private static EventStream openAnywhere(
            int[] ports, int first, String session, @Nullable String last) {
        int[] tries = {first};
        return await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsMatching(failure ->
                        failure instanceof IOException || failure instanceof AssertionError)
                .until(
                        () -> {
                            int port = ports[tries[0]++ % ports.length];
                            return last == null
                                    ? EventStream.open(port, session)
                                    : EventStream.resume(port, session, last);
                        },
                        stream -> true);
    }

    @Test
    void restartingBothPodsOneAfterTheOtherLosesAndDoublesNothing() throws Exception {
        int[] ports = {Ports.free(), Ports.free()};
        List<Gateway> pods = new ArrayList<>();
        for (int port : ports) {
            pods.add(Gateway.open(servers.config(port, null, 1_000)));
        }
        try {
            List<Answering> answers = new ArrayList<>();
            List<Future<Journey>> readers = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                String session = TestServers.newSession();
                Http.ask(ports[i % 2], session, "question");
                Answering answering = servers.answering(session);
                answering.claim();
                answers.add(answering);
                for (int tab = 0; tab < TABS; tab++) {
                    int first = tab;
                    readers.add(threads.submit(() -> travel(ports, first, session)));
                }
            }
            AtomicBoolean rolled = new AtomicBoolean();
            Future<?> load = threads.submit(() -> stream(answers, rolled));

            for (int i = 0; i < 2; i++) {
                int connected = i;
                await().until(() ->
                        Http.get(ports[connected], "/health")
                                .body()
                                .matches(".*\"active_connections\":[1-9].*"));
                pods.get(i).close();
                pods.set(i, Gateway.open(servers.config(ports[i], null, 1_000)));
            }
            rolled.set(true);
            load.get(60, TimeUnit.SECONDS);

            Duration longest = Duration.ZERO;
            int moves = 0;
            for (Future<Journey> reader : readers) {
                Journey journey = reader.get(60, TimeUnit.SECONDS);
                assertThat(journey.numbers())
                        .containsExactlyElementsOf(
                                LongStream.rangeClosed(1, journey.numbers().size())
                                        .boxed()
                                        .toList());
                moves += journey.streams() - 1;
                longest =
                        journey.longestPause().compareTo(longest) > 0
                                ? journey.longestPause()
                                : longest;
            }
            System.out.printf(
                    "rolling restart: %d readers, %d moves, longest pause %d ms%n",
                    readers.size(), moves, longest.toMillis());
            assertThat(moves).isGreaterThanOrEqualTo(readers.size());
            assertThat(longest).isLessThan(LONGEST_PAUSE);
        } finally {
            pods.forEach(Gateway::close);
        }
    }

    private static void stream(List<Answering> answers, AtomicBoolean until) {
        for (int i = 0; !until.get(); i++) {
            String text = "word" + i + " ";
            answers.forEach(answer -> answer.streams(text));
            await().pollDelay(Duration.ofMillis(20)).until(() -> true); // the load's pace
        }
        answers.forEach(answer -> answer.ends("done"));
    }

    @Test
    void everyStreamEndsWithinTwoSecondsAndNotAllAtOnce() throws Exception {
        Gateway pod = servers.gateway();
        List<EventStream> streams = new ArrayList<>();
        try {
            String session = TestServers.newSession();
            for (int i = 0; i < 100; i++) {
                streams.add(EventStream.open(pod.port(), session));
                streams.getLast().events(1);
            }
            Future<?> closing = threads.submit(pod::close);
            await().pollInterval(Duration.ofMillis(1))
                    .until(() -> streams.stream().anyMatch(EventStream::ended));
            long left = streams.stream().filter(stream -> !stream.ended()).count();
            closing.get(20, TimeUnit.SECONDS);

            assertThat(left).isPositive();
            await().until(() -> streams.stream().allMatch(EventStream::ended));
            assertThat(servers.members(session)).isEmpty();
        } finally {
            streams.forEach(EventStream::close);
            pod.close();
        }
    }

    @Test
    void aRequestInProgressIsAnsweredAndANewOneIsRefused() throws Exception {
        Gateway pod = servers.gateway();
        String session = TestServers.newSession();
        String body =
                "{\"session_id\":\"" + session + "\",\"user_id\":\"user1\",\"message\":\"hi\"}";
        try (EventStream stream = EventStream.open(pod.port(), session);
                RawHttp post = RawHttp.connect(pod.port())) {
            stream.events(1);
            post.send(
                    "POST /api/chat HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                            + "Content-Length: "
                            + body.length()
                            + "\r\n\r\n"
                            + body.substring(0, 20));
            // It has been read when a later request on another connection is answered.
            assertThat(Http.get(pod.port(), "/health").statusCode()).isEqualTo(200);

            Future<?> closing = threads.submit(pod::close);
            await().until(() -> isDeaf(pod.port()));
            post.send(body.substring(20));

            assertThat(post.answer().status()).isEqualTo(202);
            closing.get(20, TimeUnit.SECONDS);
            await().until(stream::ended);
        } finally {
            pod.close();
        }
    }

    private static boolean isDeaf(int port) {
        try (RawHttp _ = RawHttp.connect(port)) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
