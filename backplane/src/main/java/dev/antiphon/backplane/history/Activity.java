package dev.antiphon.backplane.history;

import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The events of an answer apart from its text, in order: reasoning, tool calls and their outcomes, questions to the
/// user and the user's answers. Only as much of it as a history keeps; the log had all of it while the answer was being
/// written. A reset withdraws none of it: a tool call cannot be undone.
///
/// Not thread-safe.
final class Activity {

    private static final int MOST_ITEMS = 200;

    /// Of all texts together: some of the newest turns, with their activity, must fit into one page of a conversation.
    private static final int MOST_CHARACTERS = 16 * 1024;

    /// Of one text. Results of tools are made for models, and a reader needs only their beginnings.
    private static final int MOST_CHARACTERS_OF_ONE = 8 * 1024;

    /// Kinds that do not stream in pieces: two of a kind in a row are two items.
    private static final Set<String> COMES_WHOLE = Set.of("tool_result", "question", "answer");

    /// @param field the name of the text
    private record Item(
            String type,
            @Nullable String callId,
            @Nullable String name,
            String field,
            StringBuilder text) {

        boolean continues(String otherType, @Nullable String otherCall) {
            return type.equals(otherType)
                    && (callId == null ? otherCall == null : callId.equals(otherCall));
        }
    }

    private final List<Item> items = new ArrayList<>();
    private final List<Item> cut = new ArrayList<>();
    private int room = MOST_CHARACTERS;

    /// Takes the message's next chunk.
    void add(ChunkBody chunk) {
        switch (chunk) {
            case ChunkBody.Reasoning(String text) -> add("reasoning", null, null, "text", text);
            case ChunkBody.ToolCall(String callId, String name, String arguments) ->
                    add("tool_call", callId, name, "arguments", arguments);
            case ChunkBody.ToolResult(String callId, String name, String result) ->
                    add("tool_result", callId, name, "result", result);
            case ChunkBody.Status(String status, ObjectNode details) -> {
                switch (status) {
                    case ChunkBody.Status.INTERRUPT ->
                            add("question", null, null, "text", question(details));
                    case ChunkBody.Status.RESUMED ->
                            add("answer", null, null, "text", text(details.path("answer")));
                    default -> {} // retries and the like are over when the answer is
                }
            }
            case ChunkBody.Content _, ChunkBody.Reset _, ChunkBody.Failure _ -> {}
        }
    }

    /// A workflow asks with a text; a service of another kind can ask with any value.
    private static String question(ObjectNode details) {
        JsonNode asked = details.path(ChunkBody.Status.INTERRUPT);
        return text(asked.has("question") ? asked.path("question") : asked);
    }

    private static String text(JsonNode value) {
        return value.isString()
                ? value.stringValue()
                : value.isMissingNode() ? "" : value.toString();
    }

    private void add(
            String type,
            @Nullable String callId,
            @Nullable String name,
            String field,
            String text) {
        Item item = continued(type, callId);
        if (item == null) {
            if (items.size() == MOST_ITEMS) {
                return;
            }
            item = new Item(type, callId, name, field, new StringBuilder());
            items.add(item);
        }
        int fits = Math.min(room, MOST_CHARACTERS_OF_ONE - item.text.length());
        int taken = Math.min(text.length(), fits);
        item.text.append(text, 0, taken);
        room -= taken;
        if (taken < text.length() && !cut.contains(item)) {
            cut.add(item);
        }
    }

    /// The item that a piece belongs to. Pieces of parallel calls can alternate, and a later call can reuse an id after
    /// the result of the earlier one.
    private @Nullable Item continued(String type, @Nullable String callId) {
        for (Item item : items.reversed()) {
            if (item.continues(type, callId)) {
                return COMES_WHOLE.contains(type) ? null : item;
            }
            if (!type.equals("tool_call") || !item.type.equals("tool_call")) {
                return null;
            }
        }
        return null;
    }

    /// A JSON array of `{type, call_id, name, text | arguments | result}`, with `cut: true` in shortened items; empty
    /// when nothing happened.
    String json() {
        if (items.isEmpty()) {
            return "";
        }
        ArrayNode all = Json.array();
        for (Item item : items) {
            ObjectNode json = all.addObject().put("type", item.type);
            if (item.callId != null) {
                json.put("call_id", Json.encodable(item.callId));
                json.put("name", Json.encodable(item.name == null ? "" : item.name));
            }
            json.put(item.field, Json.encodable(item.text.toString()));
            if (cut.contains(item)) {
                json.put("cut", true);
            }
        }
        return new String(Json.bytes(all), StandardCharsets.UTF_8);
    }
}
