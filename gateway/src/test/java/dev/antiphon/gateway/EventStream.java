package dev.antiphon.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// A client of `GET /api/sse` that keeps everything it receives, byte for byte.
final class EventStream implements AutoCloseable {

    /// One event; `id` is null for events that are in no log.
    record Event(@Nullable String id, String name, String data) {}

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final HttpResponse<InputStream> response;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private volatile boolean ended;

    private EventStream(HttpResponse<InputStream> response) {
        this.response = response;
        Thread.startVirtualThread(this::receive);
    }

    static EventStream open(int port, String session) throws IOException, InterruptedException {
        return open(port, session, UnaryOperator.identity());
    }

    static EventStream resume(int port, String session, String lastId)
            throws IOException, InterruptedException {
        return open(port, session, request -> request.header("Last-Event-ID", lastId));
    }

    static EventStream open(int port, String session, UnaryOperator<HttpRequest.Builder> more)
            throws IOException, InterruptedException {
        return openAt(port, "session_id=" + session + "&user_id=user1", more);
    }

    static EventStream openAt(int port, String query, UnaryOperator<HttpRequest.Builder> more)
            throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + "/api/sse?" + query);
        return send(
                more.apply(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10))).build());
    }

    /// A stream of several sessions.
    static EventStream openSeveral(int port, String body) throws IOException, InterruptedException {
        return send(
                Http.request(port, "/api/streams")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build());
    }

    private static EventStream send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<InputStream> response =
                HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            throw new AssertionError(
                    response.statusCode()
                            + " "
                            + new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
        }
        return new EventStream(response);
    }

    private void receive() {
        byte[] buffer = new byte[8192];
        try {
            for (int read = response.body().read(buffer);
                    read >= 0;
                    read = response.body().read(buffer)) {
                synchronized (received) {
                    received.write(buffer, 0, read);
                }
            }
        } catch (IOException e) {
            // closed by either side; the received bytes count
        }
        ended = true;
    }

    HttpResponse<InputStream> response() {
        return response;
    }

    boolean ended() {
        return ended;
    }

    String text() {
        synchronized (received) {
            return received.toString(StandardCharsets.UTF_8);
        }
    }

    List<Event> events() {
        List<Event> events = new ArrayList<>();
        String text = text();
        // Text after the last empty line is incomplete.
        for (String block : text.substring(0, text.lastIndexOf("\n\n") + 1).split("\n\n", -1)) {
            if (!block.isBlank() && !block.startsWith(":")) {
                events.add(event(block));
            }
        }
        return events;
    }

    private static Event event(String block) {
        String id = null;
        String name = "";
        String data = "";
        for (String line : block.lines().toList()) {
            String value = line.substring(line.indexOf(':') + 2);
            switch (line.substring(0, line.indexOf(':'))) {
                case "id" -> id = value;
                case "event" -> name = value;
                case "data" -> data = value;
                case "retry" -> {}
                default -> throw new AssertionError("no such field: " + line);
            }
        }
        return new Event(id, name, data);
    }

    /// Waits until there are this many events.
    List<Event> events(int count) {
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(events()).hasSizeGreaterThanOrEqualTo(count));
        assertThat(events()).hasSize(count);
        return events();
    }

    List<String> names() {
        return events().stream().map(Event::name).toList();
    }

    /// The numbers of the log entries, in the order received.
    List<Long> numbers() {
        return events().stream()
                .filter(event -> event.id() != null)
                .map(event -> Long.parseLong(String.valueOf(event.id()).split("\\.", -1)[1]))
                .toList();
    }

    @Override
    public void close() {
        try {
            response.body().close();
        } catch (IOException e) {
            // it was closed
        }
    }
}
