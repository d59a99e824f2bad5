package dev.antiphon.api.workflow;

import dev.antiphon.protocol.Json;

import tools.jackson.databind.JsonNode;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The values that the steps of a run hand to each other, by name. Values never change: a step returns new ones.
/// Thread-safe.
public final class RunState {

    private final Map<String, Object> values;

    private RunState(Map<String, Object> values) {
        this.values = values;
    }

    /// A state with these values. A worker makes the states of its runs; this is for tests of a step.
    ///
    /// @param values by name; must not change afterwards
    public static RunState of(Map<String, Object> values) {
        return new RunState(Collections.unmodifiableMap(values));
    }

    /// A value; empty when no step has set it.
    ///
    /// @throws IllegalStateException when it is of another type
    public <T> Optional<T> get(String name, Class<T> type) {
        return Optional.ofNullable(values.get(name)).map(value -> as(name, value, type));
    }

    /// A list; empty when no step has set it.
    ///
    /// @throws IllegalStateException when it is none, or one of its values is of another type
    public <T> List<T> list(String name, Class<T> type) {
        return switch (values.get(name)) {
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
