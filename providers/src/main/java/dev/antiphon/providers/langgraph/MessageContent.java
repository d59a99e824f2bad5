package dev.antiphon.providers.langgraph;

import tools.jackson.databind.JsonNode;

/// The content of a LangChain message, in any of the forms that model integrations use: a text, or a list of blocks.
final class MessageContent {

    private MessageContent() {}

    /// The text of a message's `content`, joined.
    static String text(JsonNode content) {
        if (content.isString()) {
            return content.stringValue();
        }
        StringBuilder text = new StringBuilder();
        for (JsonNode block : content) {
            if (block.isString()) {
                text.append(block.stringValue());
            } else if ("text".equals(block.path("type").asString(""))) {
                text.append(block.path("text").asString(""));
            }
        }
        return text.toString();
    }

    /// The model's reasoning: blocks of LangChain 1 and of Anthropic, and the field of DeepSeek and others.
    static String reasoning(JsonNode message) {
        StringBuilder reasoning = new StringBuilder();
        if (message.path("content").isArray()) {
            for (JsonNode block : message.path("content")) {
                switch (block.path("type").asString("")) {
                    case "reasoning" -> reasoning.append(block.path("reasoning").asString(""));
                    case "thinking" -> reasoning.append(block.path("thinking").asString(""));
                    default -> {} // text, tool calls, images
                }
            }
        }
        JsonNode field = message.path("additional_kwargs").path("reasoning_content");
        return field.isString()
                ? reasoning.append(field.stringValue()).toString()
                : reasoning.toString();
    }
}
