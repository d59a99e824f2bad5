package dev.antiphon.e2e.installation;

import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.EventStream.Event;

import org.awaitility.core.ConditionTimeoutException;

import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A session's stream as an EventSource reads it: reopened with the last id when it is lost, without filtering, sorting
/// or repairing.
public final class PatientReader implements AutoCloseable {
    private static final Duration WITHIN = Duration.ofSeconds(60);

    private final URI gateway;
    private final String session;
    private final List<Event> before = new ArrayList<>();
    private EventStream stream;
    private int reconnects;

    public PatientReader(URI gateway, String session) {
        this.gateway = gateway;
        this.session = session;
        this.stream = EventStream.open(gateway, session, null);
    }

    /// Everything so far, over all connections.
    public List<Event> events() {
        return Stream.concat(before.stream(), stream.events().stream()).toList();
    }

    public int reconnects() {
        return reconnects;
    }

    public void awaitEvent(Predicate<Event> wanted) {
        await().atMost(WITHIN)
                .until(() -> {
                    look();
                    return events().stream().anyMatch(wanted);
                });
    }

    /// The text of a message's chunks, one after the other as they came.
    public String text(String message) {
        return chunks(message)
                .map(event -> event.data().get("chunk").asString())
                .collect(Collectors.joining());
    }

    public Stream<Event> chunks(String message) {
        return events().stream()
                .filter(event -> event.name().equals("chunk") && event.messageId().equals(message));
    }

    /// Reopens the stream if it was lost and a gateway serves there.
    public void look() {
        if (stream.isOpen()) {
            return;
        }
        String last =
                events().stream()
                        .map(Event::id)
                        .filter(id -> id != null)
                        .reduce((_, later) -> later)
                        .orElse(null);
        EventStream next;
        try {
            next = EventStream.open(gateway, session, last);
        } catch (UncheckedIOException | IllegalStateException | ConditionTimeoutException _) {
            return; // Not available yet: retried at the next check.
        }
        before.addAll(stream.events());
        stream.close();
        stream = next;
        reconnects++;
    }

    @Override
    public void close() {
        stream.close();
    }
}
