package dev.antiphon.bench.client;

import java.nio.charset.StandardCharsets;

/// A message and the answer that it must get.
///
/// @param id of the message
/// @param provider `demo` or `openai`
/// @param answer UTF-8
/// @param chunks how many chunks it must have; 0: any number
@SuppressWarnings("ArrayRecordComponent")
public record Question(String id, String provider, String text, byte[] answer, int chunks) {

    private static final int WORDS_PER_CHUNK = 3;

    /// Makes the answer 54 words, 18 chunks.
    private static final String USUAL = " a stream keeps every token in order for the next reader";

    /// How many chunks {@link #usual} has.
    public static final int USUAL_CHUNKS = 18;

    /// The demo's question in most rows: an answer of 54 words.
    public static Question usual(String id) {
        return demo(id, id + USUAL);
    }

    /// A question whose answer has this many chunks of the demo, at least 15.
    public static Question ofChunks(String id, int chunks) {
        return demo(id, "word ".repeat((chunks - 15) * WORDS_PER_CHUNK).strip());
    }

    /// A question to the demo provider (PROTOCOL.md §6), without quotation marks or backslashes.
    public static Question demo(String id, String text) {
        String answer =
                "I received your message: '"
                        + text
                        + "' This is a demo response from the LangGraph workflow service."
                        + " In a real implementation, this would integrate with AI models like GPT-4, Claude, etc."
                        + " The response is being streamed token by token to demonstrate the chunk buffering"
                        + " system.";
        int words = (int) answer.chars().filter(each -> each == ' ').count() + 1;
        return new Question(
                id,
                "demo",
                text,
                answer.getBytes(StandardCharsets.US_ASCII),
                (words + WORDS_PER_CHUNK - 1) / WORDS_PER_CHUNK);
    }

    /// As it is, however many chunks its answer has.
    public Question inAnyChunks() {
        return new Question(id, provider, text, answer, 0);
    }
}
