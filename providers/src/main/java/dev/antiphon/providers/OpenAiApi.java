package dev.antiphon.providers;

/// The OpenAI protocol that the provider `openai` uses.
public enum OpenAiApi {
    /// Chat Completions, which every compatible server supports.
    CHAT,
    /// Responses, which also stream the reasoning of OpenAI's models.
    RESPONSES,
    /// Responses in background mode: the service continues when a worker dies, and another worker fetches the rest. The
    /// service stores the answers for that.
    BACKGROUND;

    /// The default: background mode at OpenAI itself, where a worker's death then costs no token; Chat Completions at
    /// other addresses, whose servers support it best.
    public static OpenAiApi bestAt(ServiceSettings settings) {
        return settings.isAt(OpenAiFactory.HOST) ? BACKGROUND : CHAT;
    }
}
