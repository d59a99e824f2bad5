package dev.antiphon.chaos.load;

import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.HistoryWriter;
import dev.antiphon.chaos.history.MessageRef;
import dev.antiphon.chaos.system.SystemUnderTest;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A reader on a bare socket that does what an `EventSource` does (WHATWG HTML §9.2): it keeps the last id,
/// reconnects with it to any gateway, and accepts every event. It does not drop doubles or fill gaps, so that the
/// checker sees them.
final class Tab implements AutoCloseable {

    /// Its behaviour.
    ///
    /// @param slow reads small parts with pauses between
    /// @param leaves disconnects from time to time, and comes back
    record Manner(boolean slow, boolean leaves) {}

    private static final int CONNECT_MILLIS = 5_000;
    private static final int SLOW_BUFFER_BYTES = 4 * 1024;
    private static final int MOST_NAPS = 15;
    private static final int MOST_LEAVES = 3;

    private final String name;
    private final String session;
    private final String user;
    private final Manner manner;
    private final List<SystemUnderTest.GatewayMember> gateways;
    private final HistoryWriter history;
    private final Tracker tracker;
    private final SplittableRandom random;
    private final Set<String> ended = ConcurrentHashMap.newKeySet();
    private final Thread reader;

    private volatile @Nullable String lastId;
    private volatile @Nullable Socket socket;
    private volatile boolean greeted;
    private volatile boolean closed;
    private final AtomicInteger chunks = new AtomicInteger();
    private int connection;
    private int naps;
    private int leaves;
    private int untilLeave;

    Tab(
            String name,
            String session,
            String user,
            Manner manner,
            List<SystemUnderTest.GatewayMember> gateways,
            HistoryWriter history,
            Tracker tracker,
            SplittableRandom random) {
        this.name = name;
        this.session = session;
        this.user = user;
        this.manner = manner;
        this.gateways = gateways;
        this.history = history;
        this.tracker = tracker;
        this.random = random;
        this.untilLeave = random.nextInt(5, 60);
        this.reader = Thread.ofVirtual().name("tab-" + name).start(this::live);
    }

    String name() {
        return name;
    }

    String session() {
        return session;
    }

    @Nullable String lastId() {
        return lastId;
    }

    /// Whether a gateway has greeted it at least once.
    boolean isGreeted() {
        return greeted;
    }

    boolean saw(String message) {
        return ended.contains(message);
    }

    /// The number of received chunks, of all messages.
    int chunks() {
        return chunks.get();
    }

    private void live() {
        try {
            while (!closed) {
                SystemUnderTest.GatewayMember gateway =
                        gateways.get(random.nextInt(gateways.size()));
                connection++;
                String sent = lastId;
                history.write(at ->
                        new HistoryLine.Open(
                                at, name, connection, session, gateway.member().name(), sent));
                String reason = stream(gateway, sent);
                tracker.disconnected(this);
                history.write(at -> new HistoryLine.Close(at, name, connection, reason));
                if (!closed) {
                    Thread.sleep(random.nextLong(200, 1_200)); // as the first frame asks, or less
                }
            }
        } catch (InterruptedException _) {
            // Closing.
        }
    }

    /// One connection, until its end.
    ///
    /// @return why it ended
    private String stream(SystemUnderTest.GatewayMember gateway, @Nullable String sent)
            throws InterruptedException {
        try (Socket made = new Socket()) {
            if (manner.slow()) {
                made.setReceiveBufferSize(SLOW_BUFFER_BYTES);
            }
            made.connect(
                    new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), gateway.port()),
                    CONNECT_MILLIS);
            socket = made;
            if (closed) {
                return "closed";
            }
            made.getOutputStream().write(request(gateway, sent));
            try (var lines =
                    new BufferedReader(
                            new InputStreamReader(made.getInputStream(), StandardCharsets.UTF_8),
                            manner.slow() ? 512 : 8 * 1024)) {
                String status = lines.readLine();
                if (status == null || !status.contains(" 200")) {
                    return "answered " + status;
                }
                skipHeaders(lines);
                tracker.connected(this, gateway.member().name());
                return events(lines);
            }
        } catch (IOException e) {
            return closed ? "closed" : e.toString();
        } finally {
            socket = null;
        }
    }

    /// HTTP/1.0, so that the events come without the framing of a chunked response.
    private byte[] request(SystemUnderTest.GatewayMember gateway, @Nullable String sent) {
        String request =
                "GET /api/sse?session_id="
                        + session
                        + "&user_id="
                        + user
                        + " HTTP/1.0\r\nHost: 127.0.0.1:"
                        + gateway.port()
                        + "\r\nAccept: text/event-stream\r\n"
                        + (sent == null ? "" : "Last-Event-ID: " + sent + "\r\n")
                        + "\r\n";
        return request.getBytes(StandardCharsets.US_ASCII);
    }

    private static void skipHeaders(BufferedReader lines) throws IOException {
        String line = lines.readLine();
        while (line != null && !line.isEmpty()) {
            line = lines.readLine();
        }
    }

    /// An event that is cut off is dropped, as the standard says.
    private String events(BufferedReader lines) throws IOException, InterruptedException {
        String id = null;
        String event = "message";
        StringBuilder data = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty()) {
                if (id != null) {
                    lastId = id;
                }
                if (!data.isEmpty()) {
                    dispatch(id, event, data.substring(0, data.length() - 1));
                    if (leavesNow()) {
                        return "left";
                    }
                    nap();
                }
                id = null;
                event = "message";
                data.setLength(0);
            } else if (line.startsWith("id: ")) {
                id = line.substring("id: ".length());
            } else if (line.startsWith("event: ")) {
                event = line.substring("event: ".length());
            } else if (line.startsWith("data: ")) {
                data.append(line, "data: ".length(), line.length()).append('\n');
            }
        }
        return "ended";
    }

    private void dispatch(@Nullable String id, String event, String text) {
        history.write(at -> new HistoryLine.Event(at, name, connection, id, event, text));
        switch (event) {
            case "connected" -> greeted = true;
            case "chunk" -> {
                chunks.incrementAndGet();
                tracker.chunk(message(text));
            }
            case "message_complete" -> end(message(text));
            case "resync" -> {
                for (JsonNode turn : JsonMapper.shared().readTree(text).path("messages")) {
                    if (!turn.path("finish_reason").asString("").isEmpty()) {
                        end(new MessageRef(session, turn.path("message_id").asString("")));
                    }
                }
            }
            default -> {}
        }
    }

    private void end(MessageRef message) {
        ended.add(message.message());
        tracker.ended(message);
    }

    private MessageRef message(String data) {
        return new MessageRef(
                session, JsonMapper.shared().readTree(data).path("message_id").asString(""));
    }

    private boolean leavesNow() throws InterruptedException {
        if (!manner.leaves() || leaves == MOST_LEAVES || --untilLeave > 0) {
            return false;
        }
        leaves++;
        untilLeave = random.nextInt(5, 60);
        return true;
    }

    private void nap() throws InterruptedException {
        if (manner.slow() && naps < MOST_NAPS && random.nextInt(4) == 0) {
            naps++;
            Thread.sleep(random.nextLong(50, 1_500));
        }
    }

    /// Leaves permanently; returns when it has.
    @Override
    public void close() {
        closed = true;
        Socket open = socket;
        try {
            if (open != null) {
                open.close();
            }
            reader.interrupt();
            reader.join();
        } catch (IOException _) {
            reader.interrupt();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
