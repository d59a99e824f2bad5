package dev.antiphon.providers;

import static dev.antiphon.providers.WireCalls.KEY;
import static dev.antiphon.providers.WireCalls.PATIENT;
import static dev.antiphon.providers.WireCalls.call;
import static dev.antiphon.testkit.OpenAiStream.DONE;
import static dev.antiphon.testkit.OpenAiStream.finish;
import static dev.antiphon.testkit.OpenAiStream.text;
import static dev.antiphon.testkit.OpenAiStream.toolCall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Json;
import dev.antiphon.providers.langgraph.Warnings;
import dev.antiphon.testkit.AnthropicWire;
import dev.antiphon.testkit.CollectingSink;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Script;
import dev.antiphon.testkit.GeminiWire;
import dev.antiphon.testkit.OllamaWire;
import dev.antiphon.testkit.OpenAiStream;
import dev.antiphon.testkit.OpenAiWire;
import dev.antiphon.testkit.ResponsesWire;
import dev.antiphon.testkit.Wire;
import dev.antiphon.testkit.Wire.Reason;
import dev.antiphon.transport.StreamingTransport;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/// Undocumented responses of services and of proxies before them, and requests that they refuse.
final class LenientWiresTest {

    private static final ToolSpec TOOL = new ToolSpec("t", "", Json.object());

    private final List<WireCalls> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (WireCalls each : opened) {
            each.close();
        }
    }

    private WireCalls calls(Wire wire) {
        WireCalls calls = new WireCalls(wire);
        opened.add(calls);
        return calls;
    }

    private WireCalls chat() {
        return calls(new OpenAiWire());
    }

    private static String delta(String delta) {
        return "data: {\"choices\":[{\"index\":0,\"delta\":" + delta + "}]}\n\n";
    }

    // Ends.

    static Stream<Arguments> badEnds() {
        return Stream.of(
                Arguments.of(new OpenAiWire(), "\"stop\"", "\"error\""),
                Arguments.of(new OpenAiWire(), "\"stop\"", "\"insufficient_system_resource\""),
                Arguments.of(new OpenAiWire(), "\"stop\"", "\"invented_by_someone\""),
                Arguments.of(new AnthropicWire(), "\"end_turn\"", "\"refusal\""),
                Arguments.of(new AnthropicWire(), "\"end_turn\"", "\"pause_turn\""),
                Arguments.of(new GeminiWire(), "\"STOP\"", "\"MALFORMED_FUNCTION_CALL\""),
                Arguments.of(new GeminiWire(), "\"STOP\"", "\"MALFORMED_RESPONSE\""),
                Arguments.of(new GeminiWire(), "\"STOP\"", "\"MODEL_ARMOR\""),
                Arguments.of(new GeminiWire(), "\"STOP\"", "\"OTHER\""),
                Arguments.of(new OllamaWire(), "\"stop\"", "\"unload\""),
                Arguments.of(
                        new ResponsesWire(),
                        "\"incomplete_details\":null",
                        "\"incomplete_details\":{\"reason\":\"something_new\"}"));
    }

    @ParameterizedTest
    @MethodSource("badEnds")
    void anEndThatIsNotKnownToBeGoodIsAFailureWithTheServicesWord(
            Wire wire, String good, String bad) throws Exception {
        WireCalls calls = calls(wire);
        String end = wire.end(Reason.STOP, 1).replace(good, bad);

        ProviderFailure failure =
                calls.failure(PATIENT, calls.stream(wire.text("half an ans"), end));

        assertThat(failure.stopReason()).hasValueSatisfying(word -> assertThat(bad).contains(word));
        assertThat(failure.retryAfter()).isEmpty();
    }

    @Test
    void announcedToolCallsThatDoNotComeAreAFailure() throws Exception {
        WireCalls calls = chat();

        ProviderFailure failure =
                calls.failure(
                        PATIENT, calls.stream(text("Let me see."), finish("tool_calls"), DONE));

        assertThat(failure.stopReason()).contains("tool_calls");
    }

    @ParameterizedTest
    @CsvSource({"insufficient_system_resource", "error"})
    void aTemporaryEndBeforeTheFirstTokenCanBeRetried(String word) throws Exception {
        WireCalls calls = chat();

        ProviderFailure failure = calls.failure(PATIENT, calls.stream(finish(word), DONE));

        assertThat(failure.retryAfter().isPresent())
                .isEqualTo(word.equals("insufficient_system_resource"));
    }

    @Test
    void aFullContextWindowIsALengthWithItsWord() throws Exception {
        WireCalls calls = calls(new AnthropicWire());
        String end =
                calls.wire.end(Reason.STOP, 1).replace("end_turn", "model_context_window_exceeded");

        ModelAnswer answer = calls.ask(calls.stream(calls.wire.text("a"), end));

        assertThat(answer.completion().finishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(answer.completion().stopReason()).isEqualTo("model_context_window_exceeded");
    }

    // Forms.

    @ParameterizedTest
    @ValueSource(strings = {"data: [DONE]", "data: [DONE]\n"})
    void theLastEventNeedsNoBlankLine(String last) throws Exception {
        WireCalls calls = chat();

        ModelAnswer answer = calls.ask(calls.stream(text("a"), last));

        assertThat(answer.completion().finishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void aLastEventWithTheWordWhyItEndedNeedsNoLineEnd() throws Exception {
        WireCalls calls = chat();

        ModelAnswer answer = calls.ask(calls.stream(text("a"), finish("length").strip()));

        assertThat(answer.completion().finishReason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void textAndReasoningCanComeInBlocks() throws Exception {
        WireCalls calls = chat();

        ModelAnswer answer =
                calls.ask(
                        calls.stream(
                                delta(
                                        "{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}]}]}"),
                                delta("{\"content\":[{\"type\":\"text\",\"text\":\"an\"}]}"),
                                delta("{\"content\":\"swer\"}"),
                                finish("stop")));

        assertThat(calls.sink.pieces).containsExactly("(hm)", "an", "swer");
        assertThat(answer.turn()).isEqualTo(new ModelTurn.Assistant("answer"));
    }

    @Test
    void aRefusalIsText() throws Exception {
        WireCalls calls = chat();

        var _ =
                calls.ask(
                        calls.stream(
                                delta("{\"content\":null,\"refusal\":\"I cannot\"}"),
                                finish("stop")));

        assertThat(calls.sink.pieces).containsExactly("I cannot");
    }

    @Test
    void reasoningBetweenTagsIsSeparatedIfTheSettingsSaySo() throws Exception {
        WireCalls calls = chat();
        FakeModelServer server =
                calls.server(
                        calls.stream(
                                text("<thi"), text("nk>hm</think>\n\na"), finish("stop"), DONE));
        ServiceSettings settings =
                new ServiceSettings(KEY, server.baseUrl(), List.of("m"), false).withThinkTags(true);

        ModelAnswer answer =
                WireProviders.open(calls.wire, settings, PATIENT, calls.transport(PATIENT)).stream(
                        call("hi"), calls.sink);

        assertThat(calls.sink.pieces).containsExactly("(hm)", "a");
        assertThat(answer.turn().text()).isEqualTo("a");
    }

    @Test
    void argumentsCanBeAnObject() throws Exception {
        WireCalls calls = chat();
        String whole =
                delta(
                        "{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"t\",\"arguments\":{\"x\":1}}}]}");

        ModelAnswer answer =
                calls.provider(calls.stream(whole, finish("tool_calls"), DONE)).stream(
                        call("hi").withTools(List.of(TOOL)), calls.sink);

        assertThat(answer.toolCalls()).containsExactly(new ToolCall("a", "t", "{\"x\":1}"));
    }

    static Stream<Arguments> callsThatAreMarkedAlike() {
        return Stream.of(
                Arguments.of(new AnthropicWire(), List.of("a", "b")),
                Arguments.of(new GeminiWire(), List.of("", "")),
                Arguments.of(new OllamaWire(), List.of("a", "a")),
                Arguments.of(new OllamaWire(), List.of("", "")));
    }

    @ParameterizedTest
    @MethodSource("callsThatAreMarkedAlike")
    void callsWithTheSameMarksAreTwo(Wire wire, List<String> ids) throws Exception {
        WireCalls calls = calls(wire);

        ModelAnswer answer =
                calls
                        .provider(
                                calls.stream(
                                        wire.toolCall(0, ids.getFirst(), "t", "{\"x\":1}"),
                                        wire.toolCall(0, ids.getLast(), "t", "{\"x\":2}"),
                                        wire.end(Reason.TOOLS, 1)))
                        .stream(call("hi").withTools(List.of(TOOL)), calls.sink);

        assertThat(answer.toolCalls())
                .extracting(ToolCall::arguments)
                .containsExactly("{\"x\":1}", "{\"x\":2}");
        assertThat(answer.toolCalls()).extracting(ToolCall::id).doesNotHaveDuplicates();
    }

    @Test
    void callsOfResponsesWithOneIdAreAFailure() throws Exception {
        Wire wire = new ResponsesWire();
        WireCalls calls = calls(wire);
        ModelProvider provider =
                calls.provider(
                        calls.stream(
                                wire.toolCall(0, "a", "t", "{\"x\":1}"),
                                wire.toolCall(1, "a", "t", "{\"x\":2}"),
                                wire.end(Reason.TOOLS, 1)));

        assertThat(refusal(provider)).contains("mixed up its tool calls");
    }

    private static String refusal(ModelProvider provider) {
        return catchThrowableOfType(
                        ProviderFailure.class,
                        () ->
                                provider.stream(
                                        call("hi").withTools(List.of(TOOL)), new CollectingSink()))
                .getMessage();
    }

    @Test
    void indistinguishableToolCallsAreAFailure() throws Exception {
        WireCalls calls = chat();
        ModelProvider provider =
                calls.provider(
                        calls.stream(
                                toolCall(0, "a", "t", "{\"x\":"),
                                toolCall(0, "b", "t", "{\"x\":"),
                                toolCall(0, null, null, "1}"),
                                finish("tool_calls"),
                                DONE));

        assertThat(refusal(provider)).contains("mixed up its tool calls");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/json", "application/octet-stream"})
    void theMediaTypeOfAStreamDoesNotMatter(String type) throws Exception {
        for (Wire wire : Wire.all().toList()) {
            WireCalls calls = calls(wire);

            var _ = calls.ask(exchange -> exchange.open(type).send(wire.answer("a", "b")).end());

            assertThat(calls.sink.pieces).containsExactly("a", "b");
        }
    }

    static Stream<Arguments> wholeAnswers() {
        return Stream.of(
                Arguments.of(
                        new AnthropicWire(),
                        "{\"type\":\"message\",\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}],"
                                + "\"stop_reason\":\"end_turn\",\"usage\":{\"output_tokens\":3}}"),
                Arguments.of(
                        new GeminiWire(),
                        "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}],\n"
                                + " \"modelVersion\":\"m\",\"usageMetadata\":{\"candidatesTokenCount\":3}}\n]"),
                Arguments.of(
                        new OllamaWire(),
                        "{\"model\":\"m\",\"message\":{\"content\":\"a\"},\n\"done\":true,\"eval_count\":3}"),
                Arguments.of(
                        new ResponsesWire(),
                        "{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"m\",\"error\":null,"
                                + "\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"a\"}]}],"
                                + "\"usage\":{\"output_tokens\":3}}"));
    }

    @ParameterizedTest
    @MethodSource("wholeAnswers")
    void aServerThatDoesNotStreamIsUnderstood(Wire wire, String body) throws Exception {
        WireCalls calls = calls(wire);

        ModelAnswer answer = calls.ask(exchange -> exchange.answer(200, "", body));

        assertThat(calls.sink.pieces).containsExactly("a");
        assertThat(answer.turn().text()).isEqualTo("a");
        assertThat(answer.completion().model()).isEqualTo("m");
        assertThat(answer.completion().tokensUsed()).isEqualTo(3);
    }

    @Test
    void aResponseThatIsNotStreamedIsTakenFromItsEnd() throws Exception {
        WireCalls calls = calls(new ResponsesWire());
        String end =
                calls.wire
                        .end(Reason.STOP, 3)
                        .replace(
                                "\"output\":[]",
                                "\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"whole\"}]},"
                                        + "{\"type\":\"function_call\",\"id\":\"i\",\"call_id\":\"c\",\"name\":\"t\",\"arguments\":\"{}\"}]");

        ModelAnswer answer =
                calls.provider(calls.stream(end)).stream(
                        call("hi").withTools(List.of(TOOL)), calls.sink);

        assertThat(answer.turn().text()).isEqualTo("whole");
        assertThat(answer.toolCalls()).containsExactly(new ToolCall("c", "t", "{}"));
        assertThat(calls.sink.pieces).containsExactly("<c t {}>", "whole");
    }

    private static byte[] zipped(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
            zip.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private static Script compressed(int status, byte[] body) {
        return exchange -> exchange.answer(status, "Content-Encoding: gzip\r\n", body);
    }

    @Test
    void aCompressedAnswerIsRead() throws Exception {
        for (Wire wire : Wire.all().toList()) {
            WireCalls calls = calls(wire);

            var _ = calls.ask(compressed(200, zipped(wire.answer("a", "b"))));

            assertThat(calls.sink.pieces).containsExactly("a", "b");
        }
    }

    @Test
    void aCompressedAnswerThatEndsInTheMiddleIsCut() throws Exception {
        WireCalls calls = chat();
        byte[] whole = zipped(text("a"));

        ProviderFailure failure =
                calls.failure(
                        PATIENT, compressed(200, java.util.Arrays.copyOf(whole, whole.length - 9)));

        assertThat(failure.getMessage()).endsWith("did not finish its answer.");
    }

    @Test
    void theDataNamesAnEventThatHasNoName() throws Exception {
        for (Wire wire : List.of(new AnthropicWire(), new ResponsesWire())) {
            WireCalls calls = calls(wire);

            var _ =
                    calls.ask(exchange ->
                            exchange.open()
                                    .send(wire.answer("a").replaceAll("event: .*\n", ""))
                                    .end());

            assertThat(calls.sink.pieces).containsExactly("a");
        }
    }

    // Errors.

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"error\":{\"code\":502,\"message\":\"leak\"}}|true|failed (HTTP 502).",
                "{\"error\":{\"code\":\"429\",\"message\":\"leak\"}}|true|accepts no more requests for now (HTTP 429).",
                "{\"error\":{\"code\":401,\"message\":\"leak\"}}|false|does not accept the key (HTTP 401).",
                "{\"object\":\"error\",\"code\":503,\"type\":\"InternalServerError\"}|true|failed (HTTP 503, internalservererror).",
                "{\"error\":{\"message\":\"leak\",\"code\":\"insufficient_quota\"}}|false|(insufficient_quota)."
            })
    void anErrorInPlaceOfAnAnswerIsKnownByItsNumberOrName(String error, boolean mayPass, String end)
            throws Exception {
        for (Script script :
                List.<Script>of(
                        exchange -> exchange.open().send("data: " + error + "\n\n" + DONE).end(),
                        exchange -> exchange.answer(200, "", error))) {
            ProviderFailure failure = chat().failure(PATIENT, script);

            assertThat(failure.getMessage()).endsWith(end);
            assertThat(failure.retryAfter().isPresent()).isEqualTo(mayPass);
        }
    }

    @Test
    void aNumberedErrorAfterTheFirstTokenIsNotRepeated() throws Exception {
        WireCalls calls = chat();

        ProviderFailure failure =
                calls.failure(
                        PATIENT,
                        calls.stream(text("a"), "data: {\"error\":{\"code\":502}}\n\n", DONE));

        assertThat(failure.retryAfter()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("dev.antiphon.testkit.Wire#all")
    void anUnknownPathIsNotAnUnknownModel(Wire wire) throws Exception {
        String path = "{\"detail\":\"Not Found\"}";
        String model =
                "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"model: x\"}}";
        String modelWithoutEnvelope =
                "{\"object\":\"error\",\"message\":\"The model `x` does not exist.\",\"type\":\"NotFoundError\",\"param\":null,\"code\":404}";

        assertThat(notFound(wire, path)).endsWith("was not found at its address (HTTP 404).");
        assertThat(notFound(wire, model)).contains("does not know the model 'asked-model'");
        assertThat(notFound(wire, modelWithoutEnvelope))
                .contains("does not know the model 'asked-model'");
    }

    private String notFound(Wire wire, String body) throws Exception {
        return calls(wire)
                .failure(PATIENT, exchange -> exchange.answer(404, "", body))
                .getMessage();
    }

    @Test
    void theLogHasTheTextOfARefusalButNotTheKey() throws Exception {
        try (Warnings warnings = new Warnings(StreamingTransport.class)) {
            var _ =
                    chat().failure(
                                    PATIENT,
                                    compressed(
                                            400,
                                            zipped("{\"error\":\"too\n hot, leak " + KEY + "\"}")));

            assertThat(warnings.text())
                    .contains("refused a request", "status=\"400\"", "too hot")
                    .doesNotContain(KEY);
        }
    }

    // Requests.

    private FakeModelServer refusing(WireCalls calls, String parameter, String refusal)
            throws Exception {
        return calls.server(exchange -> {
            if (exchange.request().body().has(parameter)) {
                exchange.answer(422, "", refusal);
            } else {
                calls.stream(text("a"), finish("stop"), DONE).answer(exchange);
            }
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "max_tokens|{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.\"}}|max_completion_tokens",
                "stream_options|{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"stream_options\"]}]}|max_tokens"
            })
    void aRefusedParameterIsNotSentAgain(String parameter, String refusal, String sent)
            throws Exception {
        WireCalls calls = chat();
        FakeModelServer server = refusing(calls, parameter, refusal);
        ModelProvider provider = calls.provider(server, PATIENT);
        ModelCall call =
                new ModelCall("m", null, call("hi").turns(), List.of(), null, 77, "", null);

        var _ = provider.stream(call, calls.sink);
        var _ = provider.stream(call, calls.sink);

        assertThat(server.requests).hasSize(3);
        JsonNode last = server.requests.getLast().body();
        assertThat(last.has(parameter)).isFalse();
        assertThat(last.path(sent).asInt()).isEqualTo(77);
        assertThat(calls.sink.pieces).containsExactly("a", "a");
    }

    @Test
    void aRefusedValueDoesNotChangeTheParameter() throws Exception {
        WireCalls calls = chat();
        FakeModelServer server =
                refusing(calls, "max_tokens", "{\"error\":\"max_tokens must be at most 10\"}");
        ModelCall call =
                new ModelCall("m", null, call("hi").turns(), List.of(), null, 77, "", null);

        ProviderFailure failure =
                catchThrowableOfType(
                        ProviderFailure.class,
                        () -> calls.provider(server, PATIENT).stream(call, calls.sink));

        assertThat(failure.getMessage()).contains("did not accept the request (HTTP 422)");
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void settingsDescribeWhatAServerAccepts() throws Exception {
        WireCalls calls = chat();
        FakeModelServer server = calls.server(calls.stream(text("a"), finish("stop"), DONE));
        ServiceSettings settings =
                new ServiceSettings(KEY, server.baseUrl(), List.of("m"), false)
                        .withChat(
                                new ServiceSettings.Chat(
                                        ChatTokenLimit.MAX_COMPLETION_TOKENS, false));
        ModelCall call =
                new ModelCall("m", null, call("hi").turns(), List.of(), null, 77, "", null);

        var _ =
                WireProviders.open(calls.wire, settings, PATIENT, calls.transport(PATIENT)).stream(
                        call, calls.sink);

        JsonNode body = server.requests.getFirst().body();
        assertThat(body.has("stream_options")).isFalse();
        assertThat(body.has("max_tokens")).isFalse();
        assertThat(body.get("max_completion_tokens").asInt()).isEqualTo(77);
    }

    @ParameterizedTest
    @CsvSource({
        "claude-3-opus-20240229,4096",
        "claude-3-haiku-20240307,4096",
        "claude-2.1,4096",
        "claude-3-5-sonnet-20241022,8192",
        "claude-3-7-sonnet-latest,8192",
        "claude-sonnet-4-6,8192"
    })
    void anthropicGetsATokenLimitThatItsModelAccepts(String model, int most) throws Exception {
        WireCalls calls = calls(new AnthropicWire());
        FakeModelServer server = calls.server(calls.stream(calls.wire.answer("a")));

        var _ =
                calls.provider(server, PATIENT).stream(
                        ModelCall.of(model, call("hi").turns()), calls.sink);

        assertThat(server.requests.getFirst().body().get("max_tokens").asInt()).isEqualTo(most);
    }

    @Test
    void aTokenLimitThatAModelRefusesIsLearned() throws Exception {
        WireCalls calls = calls(new AnthropicWire());
        FakeModelServer server =
                calls.server(exchange -> {
                    if (exchange.request().body().get("max_tokens").asInt() > 1_000) {
                        exchange.answer(
                                400,
                                "",
                                "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
                                        + "\"max_tokens: 8192 > 1000, which is the maximum allowed number of output tokens for x\"}}");
                    } else {
                        calls.stream(calls.wire.answer("a")).answer(exchange);
                    }
                });
        ModelProvider provider = calls.provider(server, PATIENT);

        var _ = provider.stream(call("hi"), calls.sink);
        var _ = provider.stream(call("hi"), calls.sink);

        assertThat(server.requests)
                .extracting(request -> request.body().get("max_tokens").asInt())
                .containsExactly(8_192, 1_000, 1_000);
    }

    @Test
    void argumentsThatAreNotJsonAreSentBackInAnObject() throws Exception {
        String broken = "{\"x\":1}{\"x\":2}";
        for (Wire wire : Wire.all().toList()) {
            WireCalls calls = calls(wire);
            FakeModelServer server =
                    calls.server(calls.stream(wire.text("a"), wire.end(Reason.STOP, 1)));
            ModelCall call =
                    ModelCall.of(
                            "m",
                            List.of(
                                    new ModelTurn.User("hi"),
                                    new ModelTurn.Assistant(
                                            "", List.of(new ToolCall("c", "t", broken)), ""),
                                    new ModelTurn.ToolResult("c", "t", "no JSON")));

            var _ =
                    calls.provider(server, PATIENT).stream(
                            call.withTools(List.of(TOOL)), calls.sink);

            assertThat(server.requests.getFirst().body().toString()).contains("invalid_json");
        }
    }

    @Test
    void reasoningIsSentBackToAServerThatSendsItWithToolCalls() throws Exception {
        WireCalls calls = chat();
        FakeModelServer server =
                calls.server(
                        calls.stream(
                                OpenAiStream.reasoning("I must compute"),
                                toolCall(0, "a", "t", "{}"),
                                finish("tool_calls"),
                                DONE));
        ModelProvider provider = calls.provider(server, PATIENT);
        ModelCall first = call("hi").withTools(List.of(TOOL));

        ModelAnswer answer = provider.stream(first, calls.sink);
        var _ =
                provider.stream(
                        ModelCall.of(
                                        "m",
                                        List.of(
                                                new ModelTurn.User("hi"),
                                                answer.turn(),
                                                new ModelTurn.ToolResult("a", "t", "2")))
                                .withTools(List.of(TOOL)),
                        calls.sink);

        assertThat(server.requests.getLast().body().at("/messages/1/reasoning_content").asString())
                .isEqualTo("I must compute");
        assertThat(answer.completion().finishReason()).isEqualTo(FinishReason.STOP);
    }
}
