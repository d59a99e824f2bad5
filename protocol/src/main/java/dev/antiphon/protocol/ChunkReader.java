package dev.antiphon.protocol;

import dev.antiphon.protocol.Completion.FinishReason;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.time.Instant;
import java.time.format.DateTimeParseException;

/// Reads the JSON that {@link Chunk#encode} writes.
final class ChunkReader {

    private ChunkReader() {}

    static Chunk read(ObjectNode json) {
        ObjectNode metadata =
                json.get("metadata") instanceof ObjectNode object ? object : Json.object();
        String correlationId = Json.optionalText(json, "correlation_id");
        return new Chunk(
                new SessionId(Json.text(json, "session_id")),
                new MessageId(Json.text(json, "message_id")),
                number(json, "chunk_id"),
                body(json, metadata),
                json.path("is_final").asBoolean(false) ? completion(metadata) : null,
                timestamp(json),
                correlationId == null ? "" : correlationId);
    }

    private static ChunkBody body(ObjectNode json, ObjectNode metadata) {
        String named = Json.optionalText(json, "chunk_type");
        String type = named == null ? "content" : named;
        return switch (type) {
            case "content" -> {
                String text = Json.optionalText(json, "chunk");
                yield new ChunkBody.Content(text == null ? "" : text);
            }
            case "reasoning" -> new ChunkBody.Reasoning(text(metadata, "text"));
            case "tool_call" ->
                    new ChunkBody.ToolCall(
                            text(metadata, "call_id"),
                            text(metadata, "name"),
                            text(metadata, "arguments"));
            case "tool_result" ->
                    new ChunkBody.ToolResult(
                            text(metadata, "call_id"),
                            text(metadata, "name"),
                            text(metadata, "result"));
            case "status" ->
                    new ChunkBody.Status(
                            text(metadata, "status"),
                            metadata.deepCopy().remove(ChunkBody.Status.TAKEN));
            case "reset" -> new ChunkBody.Reset(number(metadata, "from_chunk_id"));
            case "error" -> failure(json);
            default ->
                    throw new InvalidInput(
                            ErrorCode.INVALID_FIELD,
                            "chunk_type " + Ids.quote(type) + " is not known");
        };
    }

    private static ChunkBody.Failure failure(ObjectNode json) {
        ObjectNode error = json.get("error") instanceof ObjectNode object ? object : Json.object();
        String wire = text(error, "code");
        for (ErrorCode code : ErrorCode.values()) {
            if (code.wire().equals(wire)) {
                return new ChunkBody.Failure(code, text(error, "message"));
            }
        }
        return new ChunkBody.Failure(ErrorCode.INTERNAL, text(error, "message"));
    }

    private static Completion completion(ObjectNode metadata) {
        JsonNode tokens = metadata.get("tokens_used");
        return new Completion(
                text(metadata, "model"),
                tokens != null && tokens.isIntegralNumber() && tokens.canConvertToInt()
                        ? tokens.asInt()
                        : null,
                finishReason(text(metadata, "finish_reason")),
                metadata.path("stop_reason").stringValue(null));
    }

    private static FinishReason finishReason(String wire) {
        for (FinishReason reason : FinishReason.values()) {
            if (reason.wire().equals(wire)) {
                return reason;
            }
        }
        return FinishReason.STOP;
    }

    private static Instant timestamp(ObjectNode json) {
        try {
            return Instant.parse(json.path("timestamp").stringValue(""));
        } catch (DateTimeParseException e) {
            return Instant.EPOCH; // informative only
        }
    }

    private static int number(ObjectNode object, String field) {
        JsonNode node = object.get(field);
        if (node == null
                || !node.isIntegralNumber()
                || !node.canConvertToInt()
                || node.asInt() < 0) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD, field + " must be a whole number of at least 0");
        }
        return node.asInt();
    }

    private static String text(ObjectNode object, String field) {
        @Nullable String text = Json.optionalText(object, field);
        return text == null ? "" : text;
    }
}
