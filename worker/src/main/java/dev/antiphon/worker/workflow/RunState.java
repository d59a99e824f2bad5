package dev.antiphon.worker.workflow;

import dev.antiphon.protocol.Json;

import org.bsc.langgraph4j.state.AgentState;

import tools.jackson.databind.JsonNode;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the steps of a run hand to each other, by name. Values never change: a step returns new ones.
public final class RunState extends AgentState {

    RunState(Map<String, Object> data) {
        super(data);
    }

    /// A value; empty when no step has set it.
    ///
    /// @throws IllegalStateException when it is of another type
    public <T> Optional<T> get(String name, Class<T> type) {
        return Optional.ofNullable(data().get(name)).map(value -> as(name, value, type));
    }

    /// A list; empty when no step has set it.
    ///
    /// @throws IllegalStateException when it is none, or one of its values is of another type
    public <T> List<T> list(String name, Class<T> type) {
        return switch (data().get(name)) {
            case null -> List.of();
            case List<?> list -> list.stream().map(value -> as(name, value, type)).toList();
            case Object other ->
                    throw new IllegalStateException(name + " is no list, but " + other.getClass());
        };
    }

    /// What comes out of a checkpoint is JSON until someone asks for its type.
    private static <T> T as(String name, Object value, Class<T> type) {
        if (type.isInstance(value)) {
            return type.cast(value);
        }
        if (value instanceof JsonNode node) {
            return Json.as(node, type);
        }
        if (value instanceof Number number && Number.class.isAssignableFrom(type)) {
            T same = Json.as(Json.tree(number), type); // JSON does not tell an int from a long
            if (((Number) same).doubleValue() == number.doubleValue()) {
                return same;
            }
        }
        throw new IllegalStateException(
                name + " is no " + type.getSimpleName() + ", but " + value.getClass());
    }
}
