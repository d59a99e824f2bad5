package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.protocol.Completion.FinishReason;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.Locale;

/// Server-sent events (PROTOCOL.md §5).
final class EntryTest {

    private static final Chunk CHUNK =
            new Chunk(
                    new SessionId("test"),
                    new MessageId("m1"),
                    0,
                    new ChunkBody.Content("I received your "),
                    null,
                    Samples.ASKED,
                    "c1");

    @Test
    void aFrameIsIdEventAndDataAndAnEmptyLine() {
        Entry entry = new Entry(EntryId.parse("1.17.9f3ac210"), EventName.CHUNK, CHUNK.encode());

        assertThat(Samples.text(entry.frame()))
                .isEqualTo(
                        """
                        id: 1.17.9f3ac210
                        event: chunk
                        data: {"session_id":"test","message_id":"m1","chunk_id":0,\
                        "chunk":"I received your ","is_final":false,"chunk_type":"content",\
                        "timestamp":"2025-11-18T20:30:00Z","correlation_id":"c1"}

                        """);
    }

    /// The contract's message_id and token_count; the finish reason is our addition.
    @Test
    void messageCompleteHasTheContractsForm() {
        byte[] data =
                new Completion("demo-gpt", 42, FinishReason.STOP)
                        .messageComplete(new MessageId("m1"));
        Entry entry = new Entry(EntryId.parse("1.38.02bb71e5"), EventName.MESSAGE_COMPLETE, data);

        assertThat(Samples.text(entry.frame()))
                .isEqualTo(
                        """
                        id: 1.38.02bb71e5
                        event: message_complete
                        data: {"message_id":"m1","token_count":42,"finish_reason":"stop"}

                        """);
    }

    @Test
    void anUnknownTokenCountIsZeroBecauseClientsAddItUp() {
        byte[] data =
                new Completion("m", null, FinishReason.LENGTH).messageComplete(new MessageId("m1"));

        assertThat(Samples.text(data))
                .isEqualTo(
                        "{\"message_id\":\"m1\",\"token_count\":0,\"finish_reason\":\"length\"}");
    }

    @ParameterizedTest
    @MethodSource("dev.antiphon.protocol.Samples#texts")
    void aFrameHasExactlyFourLinesWhateverTheTextSays(String text) {
        Chunk chunk =
                new Chunk(
                        CHUNK.sessionId(),
                        CHUNK.messageId(),
                        0,
                        new ChunkBody.Content(text),
                        null,
                        Samples.ASKED,
                        text);
        String frame =
                Samples.text(new Entry(EntryId.start(1), EventName.CHUNK, chunk.encode()).frame());

        assertThat(List.of(frame.split("\r\n|\r|\n", -1))).hasSize(5).endsWith("", "");
        String data = frame.lines().toList().get(2).substring("data: ".length());
        assertThat(Chunk.decode(Samples.utf8(data))).isEqualTo(chunk);
    }

    @ParameterizedTest
    @EnumSource(EventName.class)
    void everyEventIsFoundByItsName(EventName event) {
        assertThat(EventName.of(event.wire())).isEqualTo(event);
        assertThat(event.wire()).isEqualTo(event.name().toLowerCase(Locale.ROOT));
    }

    @Test
    void entriesAreEqualWhenTheirBytesAre() {
        EntryId id = EntryId.parse("1.17.9f3ac210");
        Entry entry = new Entry(id, EventName.CHUNK, Samples.utf8("{}"));

        assertThat(entry)
                .isEqualTo(new Entry(id, EventName.CHUNK, Samples.utf8("{}")))
                .hasSameHashCodeAs(new Entry(id, EventName.CHUNK, Samples.utf8("{}")))
                .isNotEqualTo(new Entry(id, EventName.CHUNK, Samples.utf8("{ }")))
                .isNotEqualTo(new Entry(id, EventName.MESSAGE, Samples.utf8("{}")))
                .hasToString("1.17.9f3ac210 chunk {}");
    }
}
