package dev.antiphon.testkit;

import org.jspecify.annotations.Nullable;

/// The events of OpenAI's Chat Completions stream, written from its documentation.
public final class OpenAiStream {

    public static final String DONE = "data: [DONE]\n\n";

    private OpenAiStream() {}

    /// The first event: it names the role and has no text.
    public static String role() {
        return chunk("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", "null");
    }

    /// A piece of the answer's text.
    public static String text(String text) {
        return chunk("{\"content\":" + Wire.quoted(text) + "}", "null");
    }

    /// The field as DeepSeek, vLLM and others name it; it is not part of OpenAI's own protocol.
    public static String reasoning(String text) {
        return chunk("{\"reasoning_content\":" + Wire.quoted(text) + "}", "null");
    }

    /// A piece of a tool call; only the first piece has the id and the name.
    public static String toolCall(
            int index, @Nullable String id, @Nullable String name, String arguments) {
        return chunk(
                "{\"tool_calls\":[{\"index\":"
                        + index
                        + (id == null ? "" : ",\"id\":\"" + id + "\",\"type\":\"function\"")
                        + ",\"function\":{"
                        + (name == null ? "" : "\"name\":\"" + name + "\",")
                        + "\"arguments\":"
                        + Wire.quoted(arguments)
                        + "}}]}",
                "null");
    }

    /// The last event with a choice.
    public static String finish(String reason) {
        return chunk("{}", "\"" + reason + "\"");
    }

    /// The event that `stream_options.include_usage` adds before the end.
    public static String usage(int prompt, int completion) {
        return "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1731000000,"
                + "\"model\":\"gpt-test-2026-01-01\",\"service_tier\":\"default\",\"choices\":[],\"usage\":"
                + "{\"prompt_tokens\":"
                + prompt
                + ",\"completion_tokens\":"
                + completion
                + ",\"total_tokens\":"
                + (prompt + completion)
                + ",\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
                + "\"completion_tokens_details\":{\"reasoning_tokens\":0}}}\n\n";
    }

    /// A whole stream.
    public static String answer(String... texts) {
        StringBuilder stream = new StringBuilder(role());
        for (String text : texts) {
            stream.append(text(text));
        }
        return stream.append(finish("stop")).append(usage(9, 12)).append(DONE).toString();
    }

    private static String chunk(String delta, String finishReason) {
        return "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1731000000,"
                + "\"model\":\"gpt-test-2026-01-01\",\"service_tier\":\"default\","
                + "\"system_fingerprint\":\"fp_1\",\"choices\":[{\"index\":0,\"delta\":"
                + delta
                + ",\"logprobs\":null,\"finish_reason\":"
                + finishReason
                + "}],\"usage\":null,\"obfuscation\":\"aB3\"}\n\n";
    }
}
