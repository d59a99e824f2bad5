package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.node.ObjectNode;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// One piece of an answer (PROTOCOL.md §3).
///
/// @param chunkId counts from 0 without gaps within the message, over all types
/// @param completion present exactly in the message's last chunk
/// @param timestamp whole milliseconds; informative only
public record Chunk(
        SessionId sessionId,
        MessageId messageId,
        int chunkId,
        ChunkBody body,
        @Nullable Completion completion,
        Instant timestamp,
        String correlationId) {

    private static final String CHUNK_ID = "\"chunk_id\":";

    public Chunk {
        if (chunkId < 0) {
            throw new IllegalArgumentException("chunk_id must not be negative, but is " + chunkId);
        }
        timestamp = timestamp.truncatedTo(ChronoUnit.MILLIS);
    }

    public boolean isFinal() {
        return completion != null;
    }

    /// The chunk as JSON, encoded once: the log keeps these bytes, NATS carries them and browsers get them. The first
    /// fields have the order that PROTOCOL.md prints for server-sent events.
    public byte[] encode() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        try (JsonGenerator json = Json.MAPPER.createGenerator(out)) {
            json.writeStartObject();
            json.writeStringProperty("session_id", sessionId.value());
            json.writeStringProperty("message_id", messageId.value());
            json.writeNumberProperty("chunk_id", chunkId);
            json.writeStringProperty(
                    "chunk", body instanceof ChunkBody.Content(String text) ? text : "");
            json.writeBooleanProperty("is_final", isFinal());
            json.writeStringProperty("chunk_type", body.type());
            json.writeStringProperty("timestamp", timestamp.toString());
            json.writeStringProperty("correlation_id", correlationId);
            if (body instanceof ChunkBody.Failure(ErrorCode code, String message)) {
                json.writeObjectPropertyStart("error");
                json.writeStringProperty("code", code.wire());
                json.writeStringProperty("message", message);
                json.writeEndObject();
            }
            ObjectNode metadata = metadata();
            if (!metadata.isEmpty()) {
                json.writeName("metadata");
                json.writeTree(metadata);
            }
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    /// The bytes at the beginning of every encoded chunk of this message, and of no other message's chunks.
    public static byte[] beginning(SessionId session, MessageId message) {
        return ("{\"session_id\":\"" + session + "\",\"message_id\":\"" + message + "\",")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /// Reads a chunk that the log keeps or that another program wrote. Unknown fields are ignored.
    ///
    /// @throws InvalidInput when `json` is not a chunk
    public static Chunk decode(byte[] json) {
        return ChunkReader.read(Json.readPieces(json));
    }

    /// The encoded chunk without its chunk id, for a log that numbers it itself.
    public Halves encodeAroundChunkId() {
        String json = new String(encode(), StandardCharsets.UTF_8);
        // Ids have no quotes, so the first match is the field that encode wrote.
        int at = json.indexOf(CHUNK_ID) + CHUNK_ID.length();
        int end = json.indexOf(',', at);
        return new Halves(
                json.substring(0, at).getBytes(StandardCharsets.UTF_8),
                json.substring(end).getBytes(StandardCharsets.UTF_8));
    }

    /// A chunk with a gap at the place of its chunk id.
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    public record Halves(byte[] before, byte[] after) {

        public byte[] with(int chunkId) {
            byte[] id = Integer.toString(chunkId).getBytes(StandardCharsets.US_ASCII);
            ByteArrayOutputStream out =
                    new ByteArrayOutputStream(before.length + id.length + after.length);
            out.writeBytes(before);
            out.writeBytes(id);
            out.writeBytes(after);
            return out.toByteArray();
        }
    }

    private ObjectNode metadata() {
        ObjectNode metadata = Json.object();
        switch (body) {
            case ChunkBody.Content _ -> {}
            case ChunkBody.Failure _ -> {}
            case ChunkBody.Reasoning(String text) -> metadata.put("text", text);
            case ChunkBody.ToolCall(String callId, String name, String arguments) ->
                    metadata.put("call_id", callId).put("name", name).put("arguments", arguments);
            case ChunkBody.ToolResult(String callId, String name, String result) ->
                    metadata.put("call_id", callId).put("name", name).put("result", result);
            case ChunkBody.Reset(int from) -> metadata.put("from_chunk_id", from);
            case ChunkBody.Status(String status, ObjectNode details) ->
                    metadata.put("status", status).setAll(details);
        }
        if (completion != null) {
            metadata.put("model", completion.model());
            metadata.put("tokens_used", completion.tokensUsed());
            metadata.put("finish_reason", completion.finishReason().wire());
            if (completion.stopReason() != null) {
                metadata.put("stop_reason", completion.stopReason());
            }
        }
        return metadata;
    }
}
