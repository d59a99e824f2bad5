package dev.antiphon.testkit;

import dev.antiphon.protocol.Json;
import dev.antiphon.testkit.FakeModelServer.Request;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.stream.Stream;

/// How the streams of one service look, written from its documentation. A new provider needs one of these for its
/// tests. The order of parts in an answer is begin, reasoning, text, tool calls, end. Each part is sent as it is, so it
/// contains the line ends of the format. {@link OllamaWire} is a short example.
public interface Wire {

    /// The service's name for the model that answers.
    String MODEL = "model-of-2026";

    /// The wires of all known services, for parameterized tests.
    static Stream<Wire> all() {
        return Stream.of(
                new OpenAiWire(),
                new ResponsesWire(),
                new AnthropicWire(),
                new GeminiWire(),
                new OllamaWire());
    }

    /// The name of the provider that speaks this wire.
    String provider();

    /// What {@link #environment} adds to the address of the service, such as `/v1`. Default nothing.
    default String path() {
        return "";
    }

    /// The environment variables with which a worker uses the service at this address.
    Map<String, String> environment(String address);

    /// The media type of a stream. Default `text/event-stream`.
    default String contentType() {
        return "text/event-stream";
    }

    /// The events before the first piece; they do not count as a first token.
    String begin();

    /// A piece of text.
    String text(String piece);

    /// A piece of reasoning. Needed only for a provider that shows reasoning.
    default String reasoning(String piece) {
        throw new UnsupportedOperationException(getClass() + " has no reasoning");
    }

    /// The tool call with number `index`, counted from 0, with all its arguments. Needed only for a provider with tools.
    default String toolCall(int index, String id, String name, String arguments) {
        throw new UnsupportedOperationException(getClass() + " has no tool calls");
    }

    /// The end of an answer, including the end mark.
    ///
    /// @param reason how the service says that it stopped: STOP, LENGTH or TOOLS
    /// @param tokens of the answer; null when the service does not say
    String end(Reason reason, @Nullable Integer tokens);

    enum Reason {
        STOP,
        LENGTH,
        TOOLS
    }

    /// An error within a stream. Its message is `leak`, which no failure that users see can contain.
    String error();

    /// The beginning of a piece that never ends.
    String hugeBeginning();

    /// A complete event that breaks the protocol of the service.
    String malformed();

    /// Bytes that keep the connection busy and have no meaning.
    String keepAlive();

    /// Reads a request.
    Asked asked(Request request);

    /// The parts of a request that services place differently.
    ///
    /// @param all the whole body
    record Asked(
            String model,
            @Nullable Double temperature,
            @Nullable Integer maxTokens,
            String system,
            String all) {}

    /// A whole answer of 12 tokens with these pieces of text.
    default String answer(String... texts) {
        StringBuilder answer = new StringBuilder(begin());
        for (String text : texts) {
            answer.append(text(text));
        }
        return answer.append(end(Reason.STOP, 12)).toString();
    }

    /// The text as a JSON string, with its quotation marks.
    static String quoted(String text) {
        return Json.tree(text).toString();
    }
}
