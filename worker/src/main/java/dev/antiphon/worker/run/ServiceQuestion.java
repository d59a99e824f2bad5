package dev.antiphon.worker.run;

import dev.antiphon.protocol.Json;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a service asks the user that runs a graph of its own. What it has said before stands: with the answer it goes on
/// there, while a step of ours would begin anew.
final class ServiceQuestion {

    private static final String KIND = "service_question";

    private ServiceQuestion() {}

    /// @param asked JSON of the service's
    static ObjectNode of(String asked) {
        ObjectNode question = Json.object();
        question.put("kind", KIND);
        question.set("question", Json.value(asked));
        return question;
    }

    /// Whether the details of a status chunk ask one.
    static boolean isIn(JsonNode details) {
        return details.path("interrupt").path("kind").stringValue("").equals(KIND);
    }
}
