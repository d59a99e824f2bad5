package dev.antiphon.engine.run;

import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.stream.Collectors;

/// A question of a service that runs its own graph. Its text so far remains: the service continues with the user's
/// answer, while a step of ours would start again.
final class ServiceQuestion {

    private static final String KIND = "service_question";
    private static final String TOKENS = "tokens_used";

    /// Most characters of a service's form; a longer one is left out, because it would be in every reader's stream.
    static final int MAX_FORM = 64 * 1024;

    /// Most characters of its text, more than anyone reads; the rest is cut off.
    static final int MAX_WORDS = 4096;

    private ServiceQuestion() {}

    /// @param asked JSON of the service
    /// @param tokens of the text before the question; null when the service did not report them
    static ObjectNode of(String asked, @Nullable Integer tokens) {
        ObjectNode question = Json.object();
        question.put("kind", KIND);
        JsonNode form = Json.value(asked);
        String words = words(form);
        question.put("question", words.isBlank() ? "May it continue?" : shorten(words));
        if (asked.length() <= MAX_FORM) {
            question.set("asked", form);
        }
        if (tokens != null) {
            question.put(TOKENS, tokens);
        }
        return question;
    }

    /// The text of a form in the common format of graphs, alone or in a list; for any other form, its JSON.
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

    /// Whether the details of a status chunk contain such a question.
    static boolean isIn(JsonNode details) {
        return details.path(ChunkBody.Status.INTERRUPT).path("kind").stringValue("").equals(KIND);
    }

    /// The tokens of the service's text before its question.
    static int tokens(JsonNode details) {
        return details.path(ChunkBody.Status.INTERRUPT).path(TOKENS).intValue(0);
    }
}
