package dev.antiphon.api.workflow;

import dev.antiphon.protocol.Json;

import tools.jackson.databind.JsonNode;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The values that the steps of a run pass to each other, by name. Immutable: a step returns its new
/// values. Thread-safe.
public final class RunState {

    private final Map<String, Object> values;

    private RunState(Map<String, Object> values) {
        this.values = values;
    }

    /// Returns a state with these values. Use it in tests of a step; in a run, the worker creates the states.
    ///
    /// @param values by name; must not change later
    public static RunState of(Map<String, Object> values) {
        return new RunState(Collections.unmodifiableMap(values));
    }

    /// Returns a value; empty when no step has set it.
    ///
    /// @throws IllegalStateException when the value has another type
    public <T> Optional<T> get(String name, Class<T> type) {
        return Optional.ofNullable(values.get(name)).map(value -> as(name, value, type));
    }

    /// Returns a list; empty when no step has set it.
    ///
    /// @throws IllegalStateException when the value is not a list, or one of its elements has another type
    public <T> List<T> list(String name, Class<T> type) {
        return switch (values.get(name)) {
            case null -> List.of();
            case List<?> list -> list.stream().map(value -> as(name, value, type)).toList();
            case Object other ->
                    throw new IllegalStateException(
                            name + " is not a list but " + other.getClass());
        };
    }

    /// A value from a checkpoint is JSON until a step asks for its type.
    private static <T> T as(String name, Object value, Class<T> type) {
        if (type.isInstance(value)) {
            return type.cast(value);
        }
        if (value instanceof JsonNode node) {
            return Json.as(node, type);
        }
        if (value instanceof Number number && Number.class.isAssignableFrom(type)) {
            T same = Json.as(Json.tree(number), type); // JSON does not distinguish int and long
            if (((Number) same).doubleValue() == number.doubleValue()) {
                return same;
            }
        }
        throw new IllegalStateException(
                name + " is not a " + type.getSimpleName() + " but " + value.getClass());
    }
}
