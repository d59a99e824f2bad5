package dev.antiphon.providers;

/// Which of OpenAI's protocols the provider `openai` speaks.
public enum OpenAiApi {
    /// Chat Completions, which every compatible server speaks.
    CHAT,
    /// Responses, which stream the reasoning of OpenAI's models too.
    RESPONSES,
    /// Responses in background mode: the service goes on when a worker dies, and another one gets the rest. It keeps the
    /// answers for that.
    BACKGROUND;

    /// What is spoken when nothing is said: in the background at OpenAI itself, where a worker's death then costs no token;
    /// Chat Completions at other addresses, whose servers know those best.
    public static OpenAiApi bestAt(ServiceSettings settings) {
        return settings.isAt(OpenAiFactory.HOST) ? BACKGROUND : CHAT;
    }
}
