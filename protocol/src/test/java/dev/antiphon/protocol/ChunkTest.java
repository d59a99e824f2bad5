package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.Completion.FinishReason;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.SplittableRandom;
import java.util.stream.Stream;

final class ChunkTest {

    /// The form of PROTOCOL.md §3.
    private static final String PRINTED =
            """
            {
                "session_id": "sess_456",
                "message_id": "msg_abc123",
                "chunk_id": 0,
                "chunk": "Hello",
                "chunk_type": "content",
                "is_final": false,
                "timestamp": "2025-11-18T20:30:05Z",
                "correlation_id": "corr_xyz"
            }
            """;

    private static Chunk chunk(int id, ChunkBody body) {
        return new Chunk(
                new SessionId("sess_456"),
                new MessageId("msg_abc123"),
                id,
                body,
                null,
                Instant.parse("2025-11-18T20:30:05Z"),
                "corr_xyz");
    }

    private static Chunk last(int id, ChunkBody body, Completion completion) {
        Chunk chunk = chunk(id, body);
        return new Chunk(
                chunk.sessionId(),
                chunk.messageId(),
                id,
                body,
                completion,
                chunk.timestamp(),
                chunk.correlationId());
    }

    private static Chunk decoded(String json) {
        return Chunk.decode(Samples.utf8(json));
    }

    @Test
    void theContractsChunkIsRead() {
        assertThat(decoded(PRINTED)).isEqualTo(chunk(0, new ChunkBody.Content("Hello")));
    }

    /// The order of fields in PROTOCOL.md's example of the browser's stream.
    @Test
    void aChunkIsWrittenInTheContractsOrderForBrowsers() {
        assertThat(Samples.text(chunk(0, new ChunkBody.Content("I received your ")).encode()))
                .isEqualTo(
                        """
                        {"session_id":"sess_456","message_id":"msg_abc123","chunk_id":0,\
                        "chunk":"I received your ","is_final":false,"chunk_type":"content",\
                        "timestamp":"2025-11-18T20:30:05Z","correlation_id":"corr_xyz"}\
                        """);
    }

    /// The form of the last chunk in PROTOCOL.md §3.
    @Test
    void theLastChunkCarriesTheContractsMetadata() {
        Chunk last =
                last(
                        5,
                        new ChunkBody.Content("!"),
                        new Completion("demo-gpt", 42, FinishReason.STOP));

        assertThat(Samples.text(last.encode()))
                .isEqualTo(
                        """
                        {"session_id":"sess_456","message_id":"msg_abc123","chunk_id":5,\
                        "chunk":"!","is_final":true,"chunk_type":"content",\
                        "timestamp":"2025-11-18T20:30:05Z","correlation_id":"corr_xyz",\
                        "metadata":{"model":"demo-gpt","tokens_used":42,"finish_reason":"stop"}}\
                        """);
        assertThat(Chunk.decode(last.encode())).isEqualTo(last);
    }

    @Test
    void aFinalChunkIsReadAlthoughItHasOnlySomeFields() {
        Chunk last =
                decoded(
                        """
                        {"session_id": "s", "message_id": "m",
                         "chunk_id": 5,
                         "chunk": "!",
                         "is_final": true,
                         "metadata": {
                           "model": "demo-gpt",
                           "tokens_used": 42,
                           "finish_reason": "stop"
                         }
                        }
                        """);

        assertThat(last.body()).isEqualTo(new ChunkBody.Content("!"));
        assertThat(last.completion()).isEqualTo(new Completion("demo-gpt", 42, FinishReason.STOP));
        assertThat(last.timestamp()).isEqualTo(Instant.EPOCH);
        assertThat(last.correlationId()).isEmpty();
    }

    static Stream<Object[]> bodies() {
        return Stream.of(
                new Object[] {
                    new ChunkBody.Reasoning("hm"),
                    "\"chunk_type\":\"reasoning\"",
                    "\"metadata\":{\"text\":\"hm\"}"
                },
                new Object[] {
                    new ChunkBody.ToolCall("c1", "clock", "{\"zone\":\"UTC\"}"),
                    "\"chunk_type\":\"tool_call\"",
                    "\"metadata\":{\"call_id\":\"c1\",\"name\":\"clock\",\"arguments\":\"{\\\"zone\\\":\\\"UTC\\\"}\"}"
                },
                new Object[] {
                    new ChunkBody.ToolResult("c1", "clock", "12:00"),
                    "\"chunk_type\":\"tool_result\"",
                    "\"metadata\":{\"call_id\":\"c1\",\"name\":\"clock\",\"result\":\"12:00\"}"
                },
                new Object[] {
                    new ChunkBody.Status("retrying", Json.object().put("in_ms", 500)),
                    "\"chunk_type\":\"status\"",
                    "\"metadata\":{\"status\":\"retrying\",\"in_ms\":500}"
                },
                new Object[] {
                    new ChunkBody.Reset(3),
                    "\"chunk_type\":\"reset\"",
                    "\"metadata\":{\"from_chunk_id\":3}"
                },
                new Object[] {
                    new ChunkBody.Failure(ErrorCode.PROVIDER_FAILED, "no answer"),
                    "\"chunk_type\":\"error\"",
                    "\"error\":{\"code\":\"provider_failed\",\"message\":\"no answer\"}"
                });
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void onlyContentCarriesTextSoThatAClientWhichConcatenatesIsRight(
            ChunkBody body, String type, String payload) {
        Chunk chunk = chunk(2, body);

        assertThat(Samples.text(chunk.encode()))
                .isEqualTo(
                        "{\"session_id\":\"sess_456\",\"message_id\":\"msg_abc123\",\"chunk_id\":2,"
                                + "\"chunk\":\"\",\"is_final\":false,"
                                + type
                                + ",\"timestamp\":\"2025-11-18T20:30:05Z\",\"correlation_id\":\"corr_xyz\","
                                + payload
                                + "}");
        assertThat(Chunk.decode(chunk.encode())).isEqualTo(chunk);
    }

    @Test
    void aFailedAnswerEndsWithItsErrorAndItsMetadata() {
        Chunk last =
                last(
                        0,
                        new ChunkBody.Failure(ErrorCode.FOREIGN_SESSION, "not yours"),
                        new Completion("", null, FinishReason.ERROR));

        assertThat(Samples.text(last.encode()))
                .endsWith(
                        "\"error\":{\"code\":\"foreign_session\",\"message\":\"not yours\"},"
                                + "\"metadata\":{\"model\":\"\",\"tokens_used\":null,\"finish_reason\":\"error\"}}");
        assertThat(Chunk.decode(last.encode())).isEqualTo(last);
    }

    @Test
    void theServicesWordForItsStopIsPartOfTheMetadata() {
        Chunk last =
                last(
                        0,
                        new ChunkBody.Content(""),
                        new Completion("m", 1, FinishReason.LENGTH, "model_length"));

        assertThat(Samples.text(last.encode()))
                .endsWith("\"finish_reason\":\"length\",\"stop_reason\":\"model_length\"}}");
        assertThat(Chunk.decode(last.encode())).isEqualTo(last);
    }

    @Test
    void everyEncodedChunkIsDecodedUnchanged() {
        for (long seed = 0; seed < 2_000; seed++) {
            Chunk chunk = Samples.chunk(new SplittableRandom(seed));

            assertThat(Chunk.decode(chunk.encode())).as("seed %d", seed).isEqualTo(chunk);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.antiphon.protocol.Samples#texts")
    void anEncodedChunkHasNoRawLineBreakThatWouldEndAServerSentEvent(String text) {
        byte[] encoded = chunk(0, new ChunkBody.Content(text)).encode();

        assertThat(encoded).doesNotContain((byte) '\n').doesNotContain((byte) '\r');
        assertThat(Chunk.decode(encoded).body()).isEqualTo(new ChunkBody.Content(text));
    }

    /// A model's pieces can part a character; joined they are whole again.
    @Test
    void halfACharacterSurvivesInAPiece() {
        Chunk first = chunk(0, new ChunkBody.Content("\ud83d"));
        Chunk second = chunk(1, new ChunkBody.Content("\ude00"));

        assertThat(Chunk.decode(first.encode())).isEqualTo(first);
        assertThat(Chunk.decode(second.encode())).isEqualTo(second);
    }

    /// For a log that numbers the chunk itself.
    @Test
    void aChunkWithItsNumberPutInLaterIsTheChunk() {
        for (long seed = 0; seed < 500; seed++) {
            Chunk chunk = Samples.chunk(new SplittableRandom(seed));

            assertThat(chunk.encodeAroundChunkId().with(chunk.chunkId()))
                    .as("seed %d", seed)
                    .isEqualTo(chunk.encode());
        }
    }

    @Test
    void timestampsHaveAtMostMilliseconds() {
        Chunk chunk =
                new Chunk(
                        new SessionId("s"),
                        new MessageId("m"),
                        0,
                        new ChunkBody.Content(""),
                        null,
                        Instant.parse("2025-11-18T20:30:05.123456789Z"),
                        "c");

        assertThat(Samples.text(chunk.encode()))
                .contains("\"timestamp\":\"2025-11-18T20:30:05.123Z\"");
    }

    @Test
    void aPlainWorkersChunkIsReadWithWhatItHas() {
        Chunk chunk =
                decoded(
                        """
                        {"surprise": {"a": 1}, "chunk_id": 7, "chunk": null, "timestamp": 1763497805,
                         "message_id": "m", "session_id": "s", "metadata": "none"}
                        """);

        assertThat(chunk)
                .isEqualTo(
                        new Chunk(
                                new SessionId("s"),
                                new MessageId("m"),
                                7,
                                new ChunkBody.Content(""),
                                null,
                                Instant.EPOCH,
                                ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "chunk_id must be a whole number of at least 0 | {\"session_id\":\"s\",\"message_id\":\"m\"}",
                "chunk_id must be a whole number of at least 0 | {\"session_id\":\"s\",\"message_id\":\"m\",\"chunk_id\":-1}",
                "chunk_id must be a whole number of at least 0 | {\"session_id\":\"s\",\"message_id\":\"m\",\"chunk_id\":1.5}",
                "chunk_id must be a whole number of at least 0 | {\"session_id\":\"s\",\"message_id\":\"m\",\"chunk_id\":2147483648}",
                "chunk_id must be a whole number of at least 0 | {\"session_id\":\"s\",\"message_id\":\"m\",\"chunk_id\":\"1\"}",
                "session_id is required | {\"message_id\":\"m\",\"chunk_id\":1}",
                "message_id must be 1 to 128 letters, digits, '_' or '-', but is 'm.*' | {\"session_id\":\"s\",\"message_id\":\"m.*\",\"chunk_id\":1}",
                "chunk must be a string | {\"session_id\":\"s\",\"message_id\":\"m\",\"chunk_id\":1,\"chunk\":1}",
                "chunk_type 'video?' is not known | {\"session_id\":\"s\",\"message_id\":\"m\",\"chunk_id\":1,\"chunk_type\":\"video\\n\"}",
                "from_chunk_id must be a whole number of at least 0 | {\"session_id\":\"s\",\"message_id\":\"m\",\"chunk_id\":1,\"chunk_type\":\"reset\",\"metadata\":{\"from_chunk_id\":-3}}",
                "not valid JSON: line 1, column 2 | {",
                "the body must be a JSON object | [1]"
            })
    void jsonThatIsNoChunkIsRefusedWithTheReason(String reason, String json) {
        assertThatThrownBy(() -> decoded(json)).isInstanceOf(InvalidInput.class).hasMessage(reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"status", "model", "tokens_used", "finish_reason", "stop_reason"})
    void aStatusHasNoDetailUnderANameThatTheContractUses(String name) {
        assertThatThrownBy(() -> new ChunkBody.Status("waiting", Json.object().put(name, 1)))
                .hasMessage("details must not have " + name);
    }
}
