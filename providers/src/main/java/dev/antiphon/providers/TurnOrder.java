package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ToolCall;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// The order of turns that every service and every chat template accepts: one instruction before everything else, then
/// users and models alternately, a user first. Many templates refuse anything else, and then refuse every later message
/// of the session too.
final class TurnOrder {

    /// Stands for the user's words before a conversation that the model begins; no template accepts an empty turn.
    private static final String OPENING = "…";

    private static final String BETWEEN = "\n\n";

    private TurnOrder() {}

    /// The call with its turns in order. Its system prompt is null or has text, and its turns contain no instruction.
    static ModelCall of(ModelCall call) {
        List<String> instructions = new ArrayList<>();
        add(call.systemPrompt(), instructions);
        List<ModelTurn> turns = new ArrayList<>();
        for (ModelTurn turn : call.turns()) {
            if (turn instanceof ModelTurn.Instruction(String text)) {
                add(text, instructions);
            } else if (!isNothing(turn)) {
                add(turn, turns);
            }
        }
        String system = instructions.isEmpty() ? null : String.join(BETWEEN, instructions);
        return call.withTurns(system, turns);
    }

    private static void add(@Nullable String instruction, List<String> instructions) {
        if (instruction != null && !instruction.isBlank()) {
            instructions.add(instruction);
        }
    }

    /// An answer that was cancelled or failed before it began.
    private static boolean isNothing(ModelTurn turn) {
        return turn instanceof ModelTurn.Assistant(String text, List<ToolCall> calls, _)
                && text.isBlank()
                && calls.isEmpty();
    }

    private static void add(ModelTurn turn, List<ModelTurn> turns) {
        if (turns.isEmpty() && turn instanceof ModelTurn.Assistant) {
            turns.add(new ModelTurn.User(OPENING));
        }
        ModelTurn joined = turns.isEmpty() ? null : joined(turns.getLast(), turn);
        if (joined == null) {
            turns.add(turn);
        } else {
            turns.set(turns.size() - 1, joined);
        }
    }

    /// Joins two turns of the same speaker; null when the speakers differ.
    private static @Nullable ModelTurn joined(ModelTurn first, ModelTurn second) {
        if (first instanceof ModelTurn.User(String one)
                && second instanceof ModelTurn.User(String two)) {
            return new ModelTurn.User(one + BETWEEN + two);
        }
        if (first instanceof ModelTurn.Assistant one
                && second instanceof ModelTurn.Assistant two
                && one.toolCalls().isEmpty()
                && two.toolCalls().isEmpty()) {
            return new ModelTurn.Assistant(one.text() + BETWEEN + two.text());
        }
        return null;
    }
}
