package dev.antiphon.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.history.Recent;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.langchain4j.http.client.sse.DefaultServerSentEventParser;
import dev.langchain4j.http.client.sse.ServerSentEvent;
import dev.langchain4j.http.client.sse.ServerSentEventListener;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Another project's parser of server-sent events (LangChain4j's) reads our streams, with any texts and any cuts by the
/// network. The browser tests use Chromium's own parser.
final class ConformanceTest {

    private static final SessionId SESSION = new SessionId("s1");
    private static final MessageId MESSAGE = new MessageId("m1");

    /// Line ends of every kind, text with a meaning in event streams or JSON, and characters of all lengths.
    private static final List<String> PIECES =
            List.of(
                    "\r",
                    "\n",
                    "\r\n",
                    "\n\n",
                    "\u0000",
                    "\uFEFF",
                    "\u2028",
                    "\u2029",
                    "\u0085",
                    "\u000B",
                    "\f",
                    "\t",
                    "\b",
                    "\u001F",
                    "\u007F",
                    "data:",
                    "data: ",
                    "id: 7",
                    "event: chunk\n",
                    ":",
                    ": ping\n\n",
                    "retry: 1",
                    "\"",
                    "\\",
                    "\\n",
                    "\\u000a",
                    "{\"a\":1}",
                    "</script>",
                    " ",
                    "  ",
                    "a",
                    "word ",
                    "é",
                    "ß",
                    "שלום",
                    "漢字",
                    "😀",
                    "👩‍👩‍👧",
                    "\uD83D",
                    "\uDE00",
                    "\uFFFD",
                    "\uFFFF",
                    "𝄞");

    private static List<ServerSentEvent> parsed(InputStream stream) {
        List<ServerSentEvent> events = new ArrayList<>();
        new DefaultServerSentEventParser()
                .parse(
                        stream,
                        new ServerSentEventListener() {
                            @Override
                            public void onEvent(ServerSentEvent event) {
                                events.add(event);
                            }

                            @Override
                            public void onError(Throwable failure) {
                                throw new AssertionError(failure);
                            }
                        });
        return events;
    }

    private static Entry entry(int number, String text) {
        byte[] data =
                new Chunk(
                                SESSION,
                                MESSAGE,
                                number,
                                new ChunkBody.Content(text),
                                null,
                                Instant.EPOCH,
                                text)
                        .encode();
        return new Entry(new EntryId(7, number + 1, number), EventName.CHUNK, data);
    }

    private static String textOf(ServerSentEvent event) {
        return Chunk.decode(bytes(event)).body() instanceof ChunkBody.Content(String text)
                ? text
                : "not a content";
    }

    private static byte[] bytes(ServerSentEvent event) {
        return event.data().getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void anyTextIsReadAsItWasWritten() {
        for (long seed = 0; seed < 3_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<String> texts = new ArrayList<>();
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            for (int i = 0; i < 4; i++) {
                StringBuilder text = new StringBuilder();
                for (int piece = random.nextInt(12); piece > 0; piece--) {
                    text.append(
                            random.nextInt(4) == 0
                                    ? Character.toString(random.nextInt(0x300))
                                    : PIECES.get(random.nextInt(PIECES.size())));
                }
                texts.add(text.toString());
                stream.writeBytes(entry(i, text.toString()).frame());
                stream.writeBytes(LocalEvents.PING);
            }

            List<ServerSentEvent> events = parsed(new ByteArrayInputStream(stream.toByteArray()));

            assertThat(events).as("seed %d", seed).hasSize(4);
            assertThat(events.stream().map(ConformanceTest::textOf))
                    .as("seed %d", seed)
                    .containsExactlyElementsOf(texts);
        }
    }

    @Test
    void everyKindOfEventIsReadWithItsNameAndItsData() {
        Recent recent =
                new Recent(
                        List.of("{\"text\":\"a\\r\\nb\"}".getBytes(StandardCharsets.UTF_8)),
                        new EntryId(7, 3, 5));
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.writeBytes(LocalEvents.connected(new ConnectionId("conn_1"), SESSION));
        stream.writeBytes(LocalEvents.resync("trimmed", recent));
        stream.writeBytes(LocalEvents.PING);
        for (PodStatus status : PodStatus.values()) {
            stream.writeBytes(LocalEvents.status(status));
        }
        stream.writeBytes(entry(3, "hi").frame());

        List<ServerSentEvent> events = parsed(new ByteArrayInputStream(stream.toByteArray()));

        assertThat(events)
                .startsWith(
                        new ServerSentEvent(
                                "connected",
                                "{\"connection_id\":\"conn_1\",\"session_id\":\"s1\"}"),
                        new ServerSentEvent(
                                "resync",
                                "{\"reason\":\"trimmed\",\"messages\":[{\"text\":\"a\\r\\nb\"}],"
                                        + "\"cursor\":\"7.3.00000005\"}"),
                        new ServerSentEvent("status", "{\"status\":\"recovered\"}"),
                        new ServerSentEvent(
                                "status", "{\"status\":\"degraded\",\"reason\":\"nats_away\"}"),
                        new ServerSentEvent(
                                "status", "{\"status\":\"degraded\",\"reason\":\"redis_away\"}"),
                        new ServerSentEvent(
                                "status", "{\"status\":\"degraded\",\"reason\":\"redis_full\"}"),
                        new ServerSentEvent(
                                "status",
                                "{\"status\":\"degraded\",\"reason\":\"redis_read_only\"}"));
        assertThat(events).hasSize(8);
        assertThat(textOf(events.getLast())).isEqualTo("hi");
    }

    /// As TCP can: everything in two parts, cut at each place in turn, even within a character.
    @Test
    void whereverTheBytesAreCutTheyAreReadTheSame() {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (int i = 0; i < PIECES.size(); i++) {
            stream.writeBytes(entry(i, PIECES.get(i) + "x" + PIECES.get(i)).frame());
        }
        byte[] all = stream.toByteArray();
        List<ServerSentEvent> whole = parsed(new ByteArrayInputStream(all));
        assertThat(whole).hasSize(PIECES.size());

        for (int cut = 1; cut < all.length; cut++) {
            assertThat(
                            parsed(
                                    new SequenceInputStream(
                                            new ByteArrayInputStream(all, 0, cut),
                                            new ByteArrayInputStream(all, cut, all.length - cut))))
                    .as("cut at %d", cut)
                    .isEqualTo(whole);
        }
    }
}
