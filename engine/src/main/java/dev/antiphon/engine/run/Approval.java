package dev.antiphon.engine.run;

import dev.antiphon.api.model.ToolCall;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.node.ObjectNode;

import java.util.Locale;
import java.util.Set;

/// A tool call that the user must approve.
final class Approval {

    /// Any other answer means no: an answer that is not understood must not have effects.
    private static final Set<String> YES =
            Set.of("approve", "approved", "allow", "yes", "true", "ok");

    private Approval() {}

    static ObjectNode question(ToolCall call) {
        ObjectNode question = Json.object();
        question.put("kind", "tool_approval");
        question.put("question", "May the tool " + call.name() + " be used?");
        question.put("tool", call.name());
        question.put("call_id", call.id());
        question.put("arguments", call.arguments());
        question.putArray("answers").add("approve").add("reject");
        return question;
    }

    static boolean isGiven(String answer) {
        return YES.contains(answer.strip().toLowerCase(Locale.ROOT));
    }
}
