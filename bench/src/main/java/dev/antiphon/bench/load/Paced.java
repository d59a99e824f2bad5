package dev.antiphon.bench.load;

import dev.antiphon.bench.client.Answer;
import dev.antiphon.bench.client.Question;

import java.time.Duration;

/// The demo's usual answer: one chunk after the other at a fixed pace. A chunk is late by the time since the moment at
/// which it had arrived if the message had been answered at once.
///
/// @param pace the demo's pause between two chunks
public record Paced(Duration pace) implements OpenLoad.Plan {

    @Override
    public Question question(String id) {
        return Question.usual(id);
    }

    @Override
    public Duration length() {
        return pace.multipliedBy(Question.USUAL_CHUNKS);
    }

    @Override
    public void chunk(Counts counts, Answer answer, int from, int to, long at) {
        counts.chunk();
        counts.late(at - answer.dueAt() - pace.toNanos() * (answer.chunks() - 1));
    }
}
