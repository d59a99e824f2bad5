package dev.antiphon.engine.workflow;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.List;
import java.util.Map;

/// The values that a step can return: those that {@link StateJson} writes and reads back unchanged. Any other value
/// would fail only when the next worker takes over the run, far from the step that returned it.
final class StateValues {

    /// Most levels of nested lists and maps; a list that contains itself would have no end.
    private static final int MAX_DEPTH = 100;

    private static final String ALLOWED =
            "allowed are texts, numbers, booleans, lists, records, ModelTurns, and maps with texts as"
                    + " keys and without records or ModelTurns";

    private StateValues() {}

    /// Checks the values that a step has returned. A value of null removes the name from the state.
    ///
    /// @param where the step, as errors name it
    /// @throws IllegalStateException when a value cannot be stored
    static Map<String, Object> check(String where, @Nullable Map<String, Object> result) {
        if (result == null) {
            throw new IllegalStateException(
                    where
                            + " returned null; a step returns the new values of the state, Map.of() for"
                            + " nothing");
        }
        result.forEach((key, value) -> {
            if (value != null) {
                check(where + " left in '" + key + "'", value, false, 0);
            }
        });
        return result;
    }

    /// @param inMap values in a map come back without their class
    private static void check(String where, @Nullable Object value, boolean inMap, int depth) {
        if (depth > MAX_DEPTH) {
            throw new IllegalStateException(
                    where + " more than " + MAX_DEPTH + " levels of lists and maps");
        }
        switch (value) {
            case null -> throw new IllegalStateException(where + " a null within; " + ALLOWED);
            case String _, Number _, Boolean _, JsonNode _ -> {}
            case Record _ when !inMap -> {} // turns are records too
            case List<?> list -> list.forEach(each -> check(where, each, inMap, depth + 1));
            case Map<?, ?> map ->
                    map.forEach((key, each) -> {
                        if (!(key instanceof String)) {
                            throw refused(where + " a map with a key of", key);
                        }
                        check(where, each, true, depth + 1);
                    });
            default -> throw refused(where, value);
        }
    }

    private static IllegalStateException refused(String where, @Nullable Object value) {
        String type = value == null ? "null" : value.getClass().getName();
        return new IllegalStateException(where + " a " + type + "; " + ALLOWED);
    }
}
