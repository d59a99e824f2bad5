package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/// A request to answer one message (PROTOCOL.md §1), as NATS carries it and as the run record keeps it.
///
/// @param parentId the message that this one follows in the tree; null for the session's latest message, its own id
///     when it begins a new conversation
/// @param timestamp when the user asked, whole milliseconds; informative only
/// @param correlationId free text of at most 256 characters that every chunk of the answer repeats
public record WorkflowRequest(
        MessageId messageId,
        SessionId sessionId,
        UserId userId,
        String message,
        RequestContext context,
        @Nullable MessageId parentId,
        Instant timestamp,
        String correlationId) {

    private static final int MAX_CORRELATION_ID = 256;

    public WorkflowRequest {
        if (message.isEmpty()) {
            throw new InvalidInput(ErrorCode.INVALID_FIELD, "message must not be empty");
        }
        if (correlationId.isEmpty() || correlationId.length() > MAX_CORRELATION_ID) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD, "correlation_id must have 1 to 256 characters");
        }
        timestamp = timestamp.truncatedTo(ChronoUnit.MILLIS);
    }

    /// Values for the fields that a publisher may leave out.
    ///
    /// @param messageId the same on every redelivery of the same request
    public record Defaults(MessageId messageId, Instant now) {}

    /// Reads a request from NATS. Unknown fields are ignored. A missing or unreadable `timestamp` becomes the present
    /// time: it decides nothing, and plain publishers write it in many forms.
    ///
    /// @throws InvalidInput when a required field is missing or a field has a wrong type or value
    public static WorkflowRequest decode(byte[] json, Defaults defaults) {
        return of(Json.readObject(json), defaults);
    }

    /// Reads a request that {@link #encode} stored with all its fields.
    public static WorkflowRequest decodeStored(byte[] json) {
        ObjectNode object = Json.readObject(json);
        return of(
                object,
                new Defaults(new MessageId(Json.text(object, "message_id")), Instant.EPOCH));
    }

    /// Reads a request from an object that has the fields of PROTOCOL.md §1.
    ///
    /// @throws InvalidInput as {@link #decode}
    public static WorkflowRequest of(ObjectNode object, Defaults defaults) {
        SessionId session = new SessionId(Json.text(object, "session_id"));
        UserId user = new UserId(Json.text(object, "user_id"));
        String message = Json.text(object, "message");
        String messageId = Json.optionalText(object, "message_id");
        String correlationId = Json.optionalText(object, "correlation_id");
        MessageId id = messageId == null ? defaults.messageId() : new MessageId(messageId);
        MessageId parentId = parent(Json.optionalText(object, "parent_id"), id);
        return new WorkflowRequest(
                id,
                session,
                user,
                message,
                context(object.get("context")),
                parentId,
                timestamp(object.get("timestamp"), defaults.now()),
                correlationId == null || correlationId.isEmpty()
                        ? Ids.mint("corr_")
                        : correlationId);
    }

    /// The same request as a reply to another message.
    public WorkflowRequest after(MessageId parent) {
        return new WorkflowRequest(
                messageId, sessionId, userId, message, context, parent, timestamp, correlationId);
    }

    public byte[] encode() {
        ObjectNode object = Json.object();
        object.put("message_id", messageId.value());
        object.put("session_id", sessionId.value());
        object.put("user_id", userId.value());
        object.put("message", message);
        object.set("context", context.all());
        object.put("timestamp", timestamp.toString());
        object.put("correlation_id", correlationId);
        if (parentId != null) {
            object.put("parent_id", parentId.value());
        }
        return Json.bytes(object);
    }

    /// Equal digests mean that two requests with the same message id ask the same. The time and the correlation id
    /// differ between retries of one request and do not count; nor does the order of context keys.
    public String digest() {
        ObjectNode asked = Json.object();
        asked.put("user_id", userId.value());
        asked.put("message", message);
        asked.set("context", sorted(context.all()));
        asked.put("parent_id", parentId == null ? "" : parentId.value());
        return sha1Hex(Json.bytes(asked));
    }

    /// The data of the `message` event that shows the question to every tab.
    ///
    /// @param parent the message that this one follows, as the log found it; null for the first message of
    ///     a conversation
    public byte[] messageEvent(@Nullable MessageId parent) {
        ObjectNode event = Json.object();
        event.put("message_id", messageId.value());
        event.put("role", "user");
        event.put("text", message);
        event.put("parent_id", parent == null ? null : parent.value());
        return Json.bytes(event);
    }

    /// The part of {@link #messageEvent} before the parent. The log appends the rest, because only the log knows its
    /// latest message.
    public byte[] messageEventUpToParent() {
        byte[] whole = messageEvent(null);
        return Arrays.copyOf(whole, whole.length - "null}".length());
    }

    static String sha1Hex(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-1", e);
        }
    }

    /// The id of a message that arrived with an idempotency key and no id: the same key gives the same message.
    public static MessageId messageIdFor(SessionId session, UserId user, String idempotencyKey) {
        String all = session + "\n" + user + "\n" + idempotencyKey;
        return new MessageId("msg_" + sha1Hex(all.getBytes(StandardCharsets.UTF_8)));
    }

    /// Written as the empty text, which is not an id, when the message follows no other. Kept as the message's own id.
    private static @Nullable MessageId parent(@Nullable String written, MessageId self) {
        if (written == null) {
            return null;
        }
        return written.isEmpty() ? self : new MessageId(written);
    }

    private static RequestContext context(@Nullable JsonNode node) {
        if (node == null || node.isNull()) {
            return RequestContext.empty();
        }
        if (!(node instanceof ObjectNode object)) {
            throw new InvalidInput(ErrorCode.INVALID_FIELD, "context must be an object");
        }
        return RequestContext.of(object);
    }

    private static Instant timestamp(@Nullable JsonNode node, Instant now) {
        if (node == null || !node.isString()) {
            return now;
        }
        try {
            return Instant.parse(node.stringValue());
        } catch (DateTimeParseException e) {
            return now; // not ours to judge: see decode
        }
    }

    private static JsonNode sorted(JsonNode node) {
        return switch (node) {
            case ObjectNode object -> {
                Map<String, JsonNode> fields = new TreeMap<>();
                object.properties()
                        .forEach(field -> fields.put(field.getKey(), sorted(field.getValue())));
                ObjectNode result = Json.object();
                fields.forEach(result::set);
                yield result;
            }
            case ArrayNode array -> {
                ArrayNode result = Json.MAPPER.createArrayNode();
                array.forEach(element -> result.add(sorted(element)));
                yield result;
            }
            default -> node;
        };
    }
}
