package dev.antiphon.bench.load;

import dev.antiphon.bench.client.Answer;
import dev.antiphon.bench.client.Question;
import dev.antiphon.bench.system.ModelServer;

import java.time.Duration;

/// Answers of a model server. Counts tokens instead of chunks, because a system can join tokens; a token is late by the
/// time since the moment at which the model server was to send it.
///
/// @param model what the systems ask
public record Tokens(ModelServer model) implements OpenLoad.Plan {

    @Override
    public Question question(String id) {
        return model.question(id);
    }

    @Override
    public Duration length() {
        return model.length();
    }

    @Override
    public void chunk(Counts counts, Answer answer, int from, int to, long at) {
        model.compare(
                answer,
                from,
                to,
                at,
                nanos -> {
                    counts.chunk();
                    counts.late(nanos);
                });
    }
}
