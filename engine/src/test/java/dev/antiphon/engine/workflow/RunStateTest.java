package dev.antiphon.engine.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.workflow.RunState;

import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A step reads the same values before and after a checkpoint.
final class RunStateTest {

    private record Place(String name, double latitude) {}

    private static RunState restored(Map<String, Object> state) {
        Map<String, Object> read = new HashMap<>();
        state.forEach((name, value) -> read.put(name, StateJson.read(StateJson.write(value))));
        return RunState.of(read);
    }

    @Test
    void everyValueComesBackAsWhatItWas() {
        ModelTurn turn = new ModelTurn.User("hi");
        Place place = new Place("Ulm", 48.4);
        RunState state =
                restored(
                        Map.of(
                                "small",
                                5L,
                                "large",
                                1L << 40,
                                "short",
                                1.5f,
                                "text",
                                "t",
                                "turns",
                                List.of(turn),
                                "place",
                                place,
                                "map",
                                Map.of("a", List.of(1, "b"))));

        assertThat(state.get("small", Long.class)).contains(5L);
        assertThat(state.get("small", Integer.class)).contains(5);
        assertThat(state.get("large", Long.class)).contains(1L << 40);
        assertThat(state.get("short", Float.class)).contains(1.5f);
        assertThat(state.get("text", String.class)).contains("t");
        assertThat(state.list("turns", ModelTurn.class)).containsExactly(turn);
        assertThat(state.get("place", Place.class)).contains(place);
        assertThat(state.get("map", Map.class)).contains(Map.of("a", List.of(1, "b")));
    }

    @Test
    void aNumberIsNotMadeAnother() {
        RunState state = restored(Map.of("half", 0.5, "large", 1L << 40));

        assertThatThrownBy(() -> state.get("half", Integer.class))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> state.get("large", Integer.class))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void valuesThatWouldComeBackAsMapsAreRefused() {
        assertThatThrownBy(() ->
                        StateValues.check("step", Map.of("m", Map.of("p", new Place("Ulm", 48.4)))))
                .hasMessageContaining("step left in 'm' a ")
                .hasMessageContaining("without records");
    }
}
