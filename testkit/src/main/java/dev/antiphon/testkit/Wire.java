package dev.antiphon.testkit;

import dev.antiphon.testkit.FakeModelServer.Request;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;

import java.util.Map;
import java.util.stream.Stream;

/// How one service's streams look, written by hand from its documentation: all that a further provider costs the tests.
/// The order of parts in an answer is begin, reasoning, text, tool calls, end.
public interface Wire {

    JsonMapper JSON = new JsonMapper();

    /// The service's name for the model that answers.
    String MODEL = "model-of-2026";

    /// Every service, for parameterized tests.
    static Stream<Wire> all() {
        return Stream.of(
                new OpenAiWire(),
                new ResponsesWire(),
                new AnthropicWire(),
                new GeminiWire(),
                new OllamaWire());
    }

    String provider();

    /// What the base URL has after the address.
    String path();

    /// What makes a worker use the service at this address.
    Map<String, String> environment(String address);

    default String contentType() {
        return "text/event-stream";
    }

    /// What comes before any piece; no first token.
    String begin();

    String text(String piece);

    String reasoning(String piece);

    /// The `index`th tool call, counted from 0, with its whole arguments.
    String toolCall(int index, String id, String name, String arguments);

    /// What ends an answer, up to and with the end mark.
    ///
    /// @param reason how the service says that it stopped: STOP, LENGTH or TOOLS
    /// @param tokens of the answer; null when the service does not say
    String end(Reason reason, @Nullable Integer tokens);

    enum Reason {
        STOP,
        LENGTH,
        TOOLS
    }

    /// An error within a stream.
    String error();

    /// The beginning of a piece that goes on and on.
    String hugeBeginning();

    /// An event that is not the service's protocol.
    String malformed();

    /// Bytes that keep the connection busy and say nothing.
    String keepAlive();

    /// What a request says.
    Asked asked(Request request);

    /// The parts of a request that services place differently, and the whole.
    ///
    /// @param all the whole body
    record Asked(
            String model,
            @Nullable Double temperature,
            @Nullable Integer maxTokens,
            String system,
            String all) {}

    default String answer(String... texts) {
        StringBuilder answer = new StringBuilder(begin());
        for (String text : texts) {
            answer.append(text(text));
        }
        return answer.append(end(Reason.STOP, 12)).toString();
    }

    static String quoted(String text) {
        return JSON.writeValueAsString(text);
    }
}
