package dev.antiphon.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A browser at the end of a connection. It reads at once, or only when the test lets it.
final class Client implements EventOutlet {

    /// One event as received; `id` is null for events that are in no log.
    record Event(@Nullable String id, String name, String data) {}

    private final List<byte[]> writes = new ArrayList<>();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final List<byte[]> waiting = new ArrayList<>();
    private @Nullable Subscriber subscriber;
    private Runnable drained = () -> {};
    private @Nullable Opened refusal;
    private boolean reads = true;
    private boolean ended;
    private boolean aborted;

    /// Takes the answer of {@link Hub#open}.
    void opened(Opened opened) {
        switch (opened) {
            case Opened.Ready(Subscriber itself) -> {
                subscriber = itself;
                drained = itself::drained;
                itself.start(this);
            }
            case Opened.Foreign _, Opened.Failed _ -> refusal = opened;
        }
    }

    /// Makes this the client of a stream of several sessions.
    void reads(Bundle bundle) {
        drained = bundle::drained;
    }

    @Nullable Opened refusal() {
        return refusal;
    }

    boolean isOpen() {
        return subscriber != null && !ended && !aborted;
    }

    /// Reads nothing from now on.
    void stopReading() {
        reads = false;
    }

    /// Reads all waiting bytes, and everything at once from now on.
    void readAgain() {
        reads = true;
        readWhatWaits();
    }

    /// Reads the bytes that wait now.
    void readWhatWaits() {
        boolean waited = !waiting.isEmpty();
        waiting.forEach(received::writeBytes);
        waiting.clear();
        if (waited) {
            drained.run();
        }
    }

    /// Reads some of the waiting bytes, but not all.
    void readABit() {
        byte[] first = waiting.removeFirst();
        received.write(first, 0, 1);
        waiting.addFirst(Arrays.copyOfRange(first, 1, first.length));
    }

    void goAway() {
        if (subscriber == null) {
            throw new IllegalStateException("not open yet");
        }
        subscriber.leave();
    }

    @Override
    public void write(byte[] bytes) {
        writes.add(bytes);
        if (reads) {
            received.writeBytes(bytes);
        } else {
            waiting.add(bytes);
        }
    }

    @Override
    public boolean writable() {
        return waiting.isEmpty();
    }

    @Override
    public long bytesWaiting() {
        return waiting.stream().mapToLong(bytes -> bytes.length).sum();
    }

    @Override
    public void end() {
        ended = true;
    }

    @Override
    public void abort() {
        aborted = true;
    }

    boolean ended() {
        return ended;
    }

    boolean aborted() {
        return aborted;
    }

    List<byte[]> writes() {
        return writes;
    }

    String text() {
        return received.toString(StandardCharsets.UTF_8);
    }

    /// Everything received, comments left out.
    List<Event> events() {
        List<Event> events = new ArrayList<>();
        for (String block : text().split("\n\n", -1)) {
            if (block.isEmpty() || block.startsWith(":")) {
                continue;
            }
            String id = null;
            String name = "";
            String data = "";
            for (String line : block.split("\n", -1)) {
                String value = line.substring(line.indexOf(':') + 2);
                switch (line.substring(0, line.indexOf(':'))) {
                    case "id" -> id = value;
                    case "event" -> name = value;
                    case "data" -> data = value;
                    case "retry" -> {}
                    default -> throw new AssertionError("no such field: " + line);
                }
            }
            events.add(new Event(id, name, data));
        }
        return events;
    }

    /// The numbers of the log entries received, in order.
    List<Long> numbers() {
        return events().stream()
                .filter(event -> event.id() != null && !event.name().equals("resync"))
                .map(event -> Long.parseLong(String.valueOf(event.id()).split("\\.", -1)[1]))
                .toList();
    }

    List<String> names() {
        return events().stream().map(Event::name).toList();
    }

    String lastId() {
        return events().stream()
                .filter(event -> event.id() != null)
                .reduce((_, last) -> last)
                .map(event -> String.valueOf(event.id()))
                .orElseThrow();
    }

    void hasExactly(long first, long last) {
        List<Long> expected = new ArrayList<>();
        for (long number = first; number <= last; number++) {
            expected.add(number);
        }
        assertThat(numbers()).isEqualTo(expected);
    }
}
