package dev.antiphon.e2e.installation;

import static org.awaitility.Awaitility.await;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// A session's stream as a plain client reads it: it filters, sorts and repairs nothing.
public final class EventStream implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /// One event.
    ///
    /// @param id null when the event has none
    /// @param nanos when it came, by System.nanoTime
    public record Event(@Nullable String id, String name, JsonNode data, long nanos) {

        public String messageId() {
            return data.path("message_id").asString("");
        }
    }

    private final HttpClient http = HttpClient.newHttpClient();
    private final List<Event> events = new CopyOnWriteArrayList<>();
    private final Thread reader;

    private EventStream(URI address, @Nullable String lastEventId) {
        // For the head of the response; the stream itself has no end.
        HttpRequest.Builder request =
                HttpRequest.newBuilder(address)
                        .timeout(PATIENCE)
                        .header("Accept", "text/event-stream");
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        HttpResponse<Stream<String>> response = send(request.build());
        if (response.statusCode() != 200) {
            throw new IllegalStateException(address + " answered " + response.statusCode());
        }
        reader = Thread.ofVirtual().start(() -> read(response.body()));
    }

    /// Opens a stream and returns once the gateway has sent `connected`.
    public static EventStream open(URI gateway, String session, @Nullable String lastEventId) {
        URI address = gateway.resolve("/api/sse?session_id=" + session + "&user_id=user1");
        var stream = new EventStream(address, lastEventId);
        stream.awaitEvent(event -> event.name().equals("connected"));
        return stream;
    }

    public List<Event> events() {
        return List.copyOf(events);
    }

    /// Whether the other side keeps it open.
    public boolean isOpen() {
        return reader.isAlive();
    }

    public @Nullable String lastEventId() {
        String last = null;
        for (Event event : events) {
            last = event.id() == null ? last : event.id();
        }
        return last;
    }

    public Event awaitEvent(Predicate<Event> wanted) {
        return await("an event")
                .atMost(PATIENCE)
                .until(
                        () -> events.stream().filter(wanted).findFirst().orElse(null),
                        found -> found != null);
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }

    private HttpResponse<Stream<String>> send(HttpRequest request) {
        try {
            return http.send(request, BodyHandlers.ofLines());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void read(Stream<String> lines) {
        String[] fields = new String[3];
        try (lines) {
            lines.forEach(line -> take(line, fields));
        } catch (UncheckedIOException _) {
            // The other side is gone, which isOpen() reports.
        }
    }

    /// @param fields id, event and data of the event that is being read
    private void take(String line, String[] fields) {
        if (line.startsWith("id: ")) {
            fields[0] = line.substring(4);
        } else if (line.startsWith("event: ")) {
            fields[1] = line.substring(7);
        } else if (line.startsWith("data: ")) {
            fields[2] = line.substring(6);
        } else if (line.isEmpty() && fields[2] != null) {
            events.add(
                    new Event(
                            fields[0],
                            fields[1],
                            JsonMapper.shared().readTree(fields[2]),
                            System.nanoTime()));
            Arrays.fill(fields, null);
        }
    }
}
