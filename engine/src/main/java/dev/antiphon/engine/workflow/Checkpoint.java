package dev.antiphon.engine.workflow;

import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.LinkedHashMap;
import java.util.Map;

/// The position of a workflow after a finished step.
///
/// @param workflow its name
/// @param step the step that has finished
/// @param next the step that comes now
/// @param steps the number of finished steps
/// @param state the values that they returned
/// @param parallel the finished ones of the steps that run in parallel now, by name
public record Checkpoint(
        String workflow,
        String step,
        String next,
        int steps,
        Map<String, Object> state,
        Map<String, Branch> parallel) {

    public Checkpoint {
        state = Map.copyOf(state);
        parallel = Map.copyOf(parallel);
    }

    /// The result of a step that has finished before its parallel steps.
    ///
    /// @param said its text, which is withdrawn together with theirs
    /// @param result the new values of the state
    public record Branch(String said, Map<String, Object> result) {

        public Branch {
            result = Map.copyOf(result);
        }
    }

    Checkpoint with(Map<String, Branch> finished) {
        return new Checkpoint(workflow, step, next, steps, state, finished);
    }

    public ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.put("workflow", workflow);
        json.put("step", step);
        json.put("next", next);
        json.put("steps", steps);
        json.set("state", write(state));
        if (!parallel.isEmpty()) {
            ObjectNode branches = json.putObject("beside");
            parallel.forEach((name, branch) ->
                    branches.putObject(name)
                            .put("said", branch.said())
                            .set("result", write(branch.result())));
        }
        return json;
    }

    private static ObjectNode write(Map<String, Object> values) {
        ObjectNode json = Json.object();
        values.forEach((name, value) -> json.set(name, StateJson.write(value)));
        return json;
    }

    private static Map<String, Object> read(JsonNode json) {
        Map<String, Object> values = new LinkedHashMap<>();
        json.properties()
                .forEach(value -> values.put(value.getKey(), StateJson.read(value.getValue())));
        return values;
    }

    /// Reads what {@link #toJson} wrote; null for anything else, for example after an update of the worker.
    public static @Nullable Checkpoint of(JsonNode json) {
        if (!json.path("workflow").isString()
                || !json.path("step").isString()
                || !json.path("next").isString()) {
            return null;
        }
        Map<String, Branch> parallel = new LinkedHashMap<>();
        json.path("beside")
                .properties()
                .forEach(branch ->
                        parallel.put(
                                branch.getKey(),
                                new Branch(
                                        branch.getValue().path("said").stringValue(""),
                                        read(branch.getValue().path("result")))));
        return new Checkpoint(
                json.path("workflow").stringValue(),
                json.path("step").stringValue(),
                json.path("next").stringValue(),
                json.path("steps").intValue(0),
                read(json.path("state")),
                parallel);
    }
}
