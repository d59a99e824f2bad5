package dev.antiphon.worker.workflow;

import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.LinkedHashMap;
import java.util.Map;

/// Where a workflow stands after a finished step.
///
/// @param workflow its name
/// @param step the step that has finished
/// @param next the step that comes now
/// @param steps how many have finished in all
/// @param state what they have left
public record Checkpoint(
        String workflow, String step, String next, int steps, Map<String, Object> state) {

    public Checkpoint {
        state = Map.copyOf(state);
    }

    public ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.put("workflow", workflow);
        json.put("step", step);
        json.put("next", next);
        json.put("steps", steps);
        ObjectNode values = json.putObject("state");
        state.forEach((name, value) -> values.set(name, StateJson.write(value)));
        return json;
    }

    /// Reads what {@link #toJson} wrote; null when it is something else, as after an update of the worker.
    public static @Nullable Checkpoint of(JsonNode json) {
        if (!json.path("workflow").isString()
                || !json.path("step").isString()
                || !json.path("next").isString()) {
            return null;
        }
        Map<String, Object> state = new LinkedHashMap<>();
        json.path("state")
                .properties()
                .forEach(value -> state.put(value.getKey(), StateJson.read(value.getValue())));
        return new Checkpoint(
                json.path("workflow").stringValue(),
                json.path("step").stringValue(),
                json.path("next").stringValue(),
                json.path("steps").intValue(0),
                state);
    }
}
