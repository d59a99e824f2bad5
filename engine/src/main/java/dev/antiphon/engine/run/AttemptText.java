package dev.antiphon.engine.run;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/// The text of this attempt at the steps that have not finished, whether it is in the log already or not: a reset
/// withdraws all of it. Limited by what a step can write. Not thread-safe.
final class AttemptText {

    private final List<Passage> passages = new ArrayList<>();

    /// Consecutive text of one source.
    ///
    /// @param step its key
    /// @param call the step's model call; null for its own text
    private record Passage(String step, @Nullable Object call, StringBuilder text) {

        boolean isBy(String other, @Nullable Object another) {
            return step.equals(other) && Objects.equals(call, another);
        }
    }

    /// @param call stands for the step's model call; null for the step's own text
    void add(String step, @Nullable Object call, String text) {
        if (text.isEmpty()) {
            return;
        }
        if (passages.isEmpty() || !passages.getLast().isBy(step, call)) {
            passages.add(new Passage(step, call, new StringBuilder()));
        }
        passages.getLast().text().append(text);
    }

    void removeTextOf(Object call) {
        passages.removeIf(passage -> Objects.equals(passage.call(), call));
    }

    String of(String step) {
        return passages.stream()
                .filter(passage -> passage.step().equals(step))
                .map(Passage::text)
                .collect(Collectors.joining());
    }

    String all() {
        return passages.stream().map(Passage::text).collect(Collectors.joining());
    }

    boolean isEmpty() {
        return passages.isEmpty();
    }

    void clear() {
        passages.clear();
    }
}
