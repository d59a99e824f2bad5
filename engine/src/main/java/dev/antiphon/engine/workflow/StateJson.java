package dev.antiphon.engine.workflow;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.workflow.RunState;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;

/// The values of a state as JSON. Turns are written by hand, because they are of several types; Jackson writes records
/// and the like, which remain JSON until {@link RunState} is asked for their type.
final class StateJson {

    private static final String TURN = "turn";

    private StateJson() {}

    static JsonNode write(Object value) {
        return switch (value) {
            case ModelTurn turn -> turn(turn);
            case List<?> list -> {
                ArrayNode array = Json.array();
                list.forEach(each -> array.add(write(each)));
                yield array;
            }
            default -> Json.tree(value);
        };
    }

    private static ObjectNode turn(ModelTurn turn) {
        ObjectNode json = Json.object();
        switch (turn) {
            case ModelTurn.Instruction(String text) ->
                    json.put(TURN, "instruction").put("text", text);
            case ModelTurn.User(String text) -> json.put(TURN, "user").put("text", text);
            case ModelTurn.Assistant(String text, List<ToolCall> calls, String notes) -> {
                json.put(TURN, "assistant").put("text", text).put("notes", notes);
                ArrayNode array = json.putArray("calls");
                calls.forEach(call -> array.add(Json.tree(call)));
            }
            case ModelTurn.ToolResult(String callId, String name, String text) ->
                    json.put(TURN, "tool_result")
                            .put("call_id", callId)
                            .put("name", name)
                            .put("text", text);
        }
        return json;
    }

    static Object read(JsonNode json) {
        if (json.isString()) {
            return json.stringValue();
        }
        if (json.isBoolean()) {
            return json.booleanValue();
        }
        if (json.isNumber()) {
            return json.numberValue();
        }
        if (json.isArray()) {
            List<Object> list = new ArrayList<>();
            json.forEach(each -> list.add(read(each)));
            return List.copyOf(list);
        }
        return json.has(TURN) ? readTurn(json) : json;
    }

    private static Object readTurn(JsonNode json) {
        String text = json.path("text").stringValue("");
        return switch (json.path(TURN).stringValue("")) {
            case "instruction" -> new ModelTurn.Instruction(text);
            case "user" -> new ModelTurn.User(text);
            case "assistant" -> {
                List<ToolCall> calls = new ArrayList<>();
                json.path("calls").forEach(call -> calls.add(Json.as(call, ToolCall.class)));
                yield new ModelTurn.Assistant(text, calls, json.path("notes").stringValue(""));
            }
            case "tool_result" ->
                    new ModelTurn.ToolResult(
                            json.path("call_id").stringValue(""),
                            json.path("name").stringValue(""),
                            text);
            default -> json; // a developer's record with such a field
        };
    }
}
