package dev.antiphon.protocol;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The options of a request for its answer (PROTOCOL.md §1). Open: unknown keys are kept in `all` and passed on.
///
/// @param temperature 0 to 2, or null for the model's default
/// @param maxTokens at least 1, or null for the provider's default
/// @param conversationHistory turns that a plain publisher wants the model to see; empty when the request has none
/// @param tools ids of the tools that may be used, a `*` at the end for a family of them; null for all that the
///     operator allows
/// @param all the whole object as it arrived; treat as read-only
public record RequestContext(
        @Nullable String aiProvider,
        @Nullable String model,
        @Nullable Double temperature,
        @Nullable Integer maxTokens,
        @Nullable String systemPrompt,
        List<Turn> conversationHistory,
        @Nullable String workflow,
        @Nullable List<String> tools,
        ObjectNode all) {

    private static final int MAX_TOOLS = 200;
    private static final Pattern TOOL = Pattern.compile("[^*]{0,200}\\*?");

    /// One earlier turn in the form that the model gets.
    ///
    /// @param role `user`, `assistant` or `system`
    /// @param content can be empty: a turn can consist of tool calls alone
    public record Turn(String role, String content) {}

    public RequestContext {
        conversationHistory = List.copyOf(conversationHistory);
        tools = tools == null ? null : List.copyOf(tools);
    }

    public static RequestContext empty() {
        return of(Json.object());
    }

    /// Reads the `context` of a request.
    ///
    /// @throws InvalidInput when a known key has a value of the wrong type or range
    public static RequestContext of(ObjectNode all) {
        return new RequestContext(
                Json.optionalText(all, "ai_provider"),
                Json.optionalText(all, "model"),
                temperature(all.get("temperature")),
                maxTokens(all.get("max_tokens")),
                Json.optionalText(all, "system_prompt"),
                history(all.get("conversation_history")),
                Json.optionalText(all, "workflow"),
                tools(all.get("tools")),
                all);
    }

    private static @Nullable List<String> tools(@Nullable JsonNode node) {
        if (node == null || node.isNull()) {
            return null;
        }
        List<String> tools = new ArrayList<>();
        for (JsonNode tool : node) {
            tools.add(tool.stringValue("**"));
        }
        if (!node.isArray()
                || tools.size() > MAX_TOOLS
                || !tools.stream().allMatch(tool -> TOOL.matcher(tool).matches())) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD,
                    "context.tools must be an array of at most 200 names of tools, with a * at their end at"
                            + " most");
        }
        return tools;
    }

    private static @Nullable Double temperature(@Nullable JsonNode node) {
        if (node == null || node.isNull()) {
            return null;
        }
        // asDouble(-1): a whole number can have more digits than a double can hold.
        double temperature = node.isNumber() ? node.asDouble(-1) : -1;
        if (temperature < 0 || temperature > 2) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD, "context.temperature must be a number from 0 to 2");
        }
        return temperature;
    }

    private static @Nullable Integer maxTokens(@Nullable JsonNode node) {
        if (node == null || node.isNull()) {
            return null;
        }
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.asInt() < 1) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD,
                    "context.max_tokens must be a whole number of at least 1");
        }
        return node.asInt();
    }

    private static List<Turn> history(@Nullable JsonNode node) {
        if (node == null || node.isNull()) {
            return List.of();
        }
        if (!node.isArray()) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD, "context.conversation_history must be an array");
        }
        List<Turn> turns = new ArrayList<>();
        for (JsonNode turn : node) {
            if (!(turn instanceof ObjectNode object)) {
                throw new InvalidInput(
                        ErrorCode.INVALID_FIELD,
                        "context.conversation_history must hold objects with role and content");
            }
            String content = Json.optionalText(object, "content");
            if (content == null) {
                throw new InvalidInput(ErrorCode.MISSING_FIELD, "content is required");
            }
            turns.add(new Turn(Json.text(object, "role"), content));
        }
        return turns;
    }
}
