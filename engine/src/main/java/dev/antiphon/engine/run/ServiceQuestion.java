package dev.antiphon.engine.run;

import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.stream.Collectors;

/// What a service asks the user that runs a graph of its own. What it has said before stands: with the answer it goes on
/// there, while a step of ours would begin anew.
final class ServiceQuestion {

    private static final String KIND = "service_question";
    private static final String TOKENS = "tokens_used";

    /// Characters of a service's form; a longer one is left out, for it would be in every reader's stream.
    static final int MAX_FORM = 64 * 1024;

    /// Characters of its words, more than anyone reads; the rest is cut off.
    static final int MAX_WORDS = 4096;

    private ServiceQuestion() {}

    /// @param asked JSON of the service's
    /// @param tokens of what it has said before; null when it told none
    static ObjectNode of(String asked, @Nullable Integer tokens) {
        ObjectNode question = Json.object();
        question.put("kind", KIND);
        JsonNode form = Json.value(asked);
        String words = words(form);
        question.put("question", words.isBlank() ? "May it go on?" : shorten(words));
        if (asked.length() <= MAX_FORM) {
            question.set("asked", form);
        }
        if (tokens != null) {
            question.put(TOKENS, tokens);
        }
        return question;
    }

    /// The text of a form as graphs have them by custom, alone or in a list; of any other its JSON.
    private static String words(JsonNode form) {
        if (form.isArray()) {
            return form.valueStream().map(ServiceQuestion::words).collect(Collectors.joining("\n"));
        }
        if (form.path("question").isString()) {
            return form.path("question").stringValue();
        }
        if (form.has("value")) {
            return words(form.path("value"));
        }
        return form.isString() ? form.stringValue() : form.toString();
    }

    private static String shorten(String words) {
        if (words.length() <= MAX_WORDS) {
            return words;
        }
        boolean splits = Character.isHighSurrogate(words.charAt(MAX_WORDS - 1));
        return words.substring(0, splits ? MAX_WORDS - 1 : MAX_WORDS) + "…";
    }

    /// Whether the details of a status chunk ask one.
    static boolean isIn(JsonNode details) {
        return details.path(ChunkBody.Status.INTERRUPT).path("kind").stringValue("").equals(KIND);
    }

    /// The tokens of what the service had said before it asked.
    static int tokens(JsonNode details) {
        return details.path(ChunkBody.Status.INTERRUPT).path(TOKENS).intValue(0);
    }
}
