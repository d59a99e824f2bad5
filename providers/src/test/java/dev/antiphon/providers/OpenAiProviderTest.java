package dev.antiphon.providers;

import static dev.antiphon.providers.OpenAiCalls.KEY;
import static dev.antiphon.providers.OpenAiCalls.PATIENT;
import static dev.antiphon.providers.OpenAiCalls.call;
import static dev.antiphon.providers.OpenAiCalls.reached;
import static dev.antiphon.providers.OpenAiCalls.stall;
import static dev.antiphon.providers.OpenAiCalls.stream;
import static dev.antiphon.testkit.OpenAiStream.DONE;
import static dev.antiphon.testkit.OpenAiStream.answer;
import static dev.antiphon.testkit.OpenAiStream.finish;
import static dev.antiphon.testkit.OpenAiStream.reasoning;
import static dev.antiphon.testkit.OpenAiStream.role;
import static dev.antiphon.testkit.OpenAiStream.text;
import static dev.antiphon.testkit.OpenAiStream.toolCall;
import static dev.antiphon.testkit.OpenAiStream.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.testkit.CollectingSink;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.FakeModelServer.Exchange;
import dev.antiphon.testkit.FakeModelServer.Script;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/// The provider `openai` with a server that speaks the wire format, and breaks it.
final class OpenAiProviderTest {

    private final OpenAiCalls calls = new OpenAiCalls();

    @AfterEach
    void close() throws Exception {
        calls.close();
    }

    @Test
    void theRequestContainsTheCall() throws Exception {
        FakeModelServer server = calls.server(stream(answer("ok")));
        ModelCall call =
                new ModelCall(
                        "gpt-test",
                        "Be brief.",
                        List.of(
                                new ModelTurn.Instruction("It is noon."),
                                new ModelTurn.User("one"),
                                new ModelTurn.Assistant("two"),
                                new ModelTurn.User(" ")),
                        List.of(),
                        0.25,
                        77,
                        "",
                        null);

        var _ = calls.provider(server.baseUrl(), PATIENT).stream(call, calls.sink);

        FakeModelServer.Request request = server.requests.getFirst();
        assertThat(request.line()).isEqualTo("POST /v1/chat/completions HTTP/1.1");
        assertThat(request.headers())
                .containsEntry("authorization", "Bearer " + KEY)
                .containsEntry("content-type", "application/json")
                .containsEntry("user-agent", "antiphon");
        JsonNode body = request.body();
        assertThat(body.get("model").asString()).isEqualTo("gpt-test");
        assertThat(body.get("temperature").asDouble()).isEqualTo(0.25);
        assertThat(body.get("max_tokens").asInt()).isEqualTo(77);
        assertThat(body.get("stream").asBoolean()).isTrue();
        assertThat(body.get("stream_options").get("include_usage").asBoolean()).isTrue();
        assertThat(body.get("messages").toString())
                .isEqualTo(
                        "[{\"role\":\"system\",\"content\":\"Be brief.\\n\\nIt is noon.\"},"
                                + "{\"role\":\"user\",\"content\":\"one\"},"
                                + "{\"role\":\"assistant\",\"content\":\"two\"},"
                                + "{\"role\":\"user\",\"content\":\" \"}]");
    }

    @Test
    void parametersThatTheCallDoesNotSetAreLeftToTheServer() throws Exception {
        FakeModelServer server = calls.server(stream(answer("ok")));
        ModelCall call =
                new ModelCall(
                        null,
                        " ",
                        List.of(new ModelTurn.User("hi")),
                        List.of(),
                        null,
                        null,
                        "",
                        null);

        ModelAnswer answer =
                calls.provider(server.baseUrl() + "/", PATIENT).stream(call, calls.sink);

        FakeModelServer.Request request = server.requests.getFirst();
        assertThat(request.line()).startsWith("POST /v1/chat/completions ");
        assertThat(request.body().propertyNames())
                .containsExactlyInAnyOrder("messages", "stream", "stream_options");
        assertThat(answer.completion().model()).isEqualTo("gpt-test-2026-01-01");
    }

    @Test
    void openAiItselfGetsTheParametersOfItsNewerModels() throws Exception {
        ServiceSettings settings =
                new ServiceSettings(KEY, OpenAiFactory.BASE_URL, List.of(), false);
        List<ModelTurn> turns = List.of(new ModelTurn.User("hi"));
        ModelCall call = new ModelCall(null, null, turns, List.of(), null, 77, "", null);

        JsonNode body =
                Json.readObject(
                        OpenAiFactory.fitting(settings)
                                .fit(call, "{\"max_tokens\":77}")
                                .getBytes(UTF_8));

        assertThat(body.toString()).isEqualTo("{\"max_completion_tokens\":77}");
        assertThat(OpenAiFactory.models(settings)).containsExactly(OpenAiFactory.DEFAULT_MODEL);
    }

    @Test
    void aServerWithoutAKeyGetsNone() throws Exception {
        FakeModelServer server = calls.server(stream(answer("ok")));
        ServiceSettings settings = new ServiceSettings(null, server.baseUrl(), List.of(), false);

        var _ = calls.provider(settings, PATIENT).stream(call("hi"), calls.sink);

        assertThat(server.requests.getFirst().headers()).doesNotContainKey("authorization");
    }

    @Test
    void piecesReachTheSinkAsTheyComeAndTheCompletionHasModelAndTokens() throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        CompletableFuture<Boolean> seenBeforeTheEnd = new CompletableFuture<>();
        CollectingSink sink =
                new CollectingSink() {
                    @Override
                    public void content(String text) throws InterruptedException {
                        super.content(text);
                        seen.countDown();
                    }
                };
        ModelProvider provider =
                calls.provider(exchange -> {
                    exchange.open().send(role()).send(text("Hel"));
                    seenBeforeTheEnd.complete(reached(seen));
                    exchange.send(text("lo")).send(finish("stop") + usage(9, 12) + DONE).end();
                });

        ModelAnswer answer = provider.stream(call("hi"), sink);

        assertThat(seenBeforeTheEnd.join()).isTrue();
        assertThat(sink.pieces).containsExactly("Hel", "lo");
        Completion measured =
                new Completion("gpt-test-2026-01-01", 12, Completion.FinishReason.STOP);
        assertThat(answer)
                .isEqualTo(new ModelAnswer("", new ModelTurn.Assistant("Hello"), measured));
    }

    @Test
    void withoutUsageNoTokensAreGuessed() throws Exception {
        ModelAnswer answer = calls.ask(stream(role(), text("a b c"), finish("stop"), DONE));

        assertThat(answer.completion().tokensUsed()).isNull();
    }

    @Test
    void anAnswerThatRanOutOfTokensHasTheFinishReasonLength() throws Exception {
        ModelAnswer answer = calls.ask(stream(text("a"), finish("length"), DONE));

        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.LENGTH);
    }

    @Test
    void reasoningIsStreamedNextToTheText() throws Exception {
        var _ = calls.ask(stream(role(), reasoning("Hm"), reasoning("m."), text("42"), DONE));

        assertThat(calls.sink.pieces).containsExactly("(Hm)", "(m.)", "42");
    }

    @Test
    void everyTextArrivesHoweverItIsCutIntoPackets() throws Exception {
        String odd =
                "é 👩‍👩‍👧‍👦 مرحبا \u0000\u2028\ufeff \"quoted\" \\ </script>\r\n\n"
                        + "data: [DONE]\n\n{\"error\":1}";

        var _ =
                calls.ask(exchange ->
                        exchange.open().sendBytes(answer(odd, "error", "\"error\"")).end());

        assertThat(calls.sink.pieces).containsExactly(odd, "error", "\"error\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "\r", "\n"})
    void everyLineEndCommentAndFieldOfTheStandardIsUnderstood(String lineEnd) throws Exception {
        String stream =
                "\ufeff: keep-alive\n\nid: 1\nretry: 5\nevent: message\n"
                        + text("a").replace("data: ", "data:")
                        + ": ping\n\ndata:\n\ndata\n\n"
                        + finish("stop")
                        + DONE;

        var _ = calls.ask(stream(stream.replace("\n", lineEnd)));

        assertThat(calls.sink.pieces).containsExactly("a");
    }

    @Test
    void theFinishReasonAloneIsAnEndMark() throws Exception {
        ModelAnswer answer = calls.ask(stream(text("a"), finish("stop")));

        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.STOP);
    }

    @Test
    void doneAloneIsAnEndMark() throws Exception {
        ModelAnswer answer = calls.ask(stream(text("a"), DONE));

        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.STOP);
    }

    @Test
    void aConnectionLostAfterTheFinishReasonDoesNoHarm() throws Exception {
        ModelAnswer answer =
                calls.ask(exchange -> exchange.open().send(text("a") + finish("stop")).cut());

        assertThat(calls.sink.pieces).containsExactly("a");
        assertThat(answer.completion().tokensUsed()).isNull();
    }

    @Test
    void aServerThatKeepsTheStreamOpenAfterDoneIsNotWaitedFor() throws Exception {
        ModelAnswer answer = calls.ask(exchange -> exchange.open().send(answer("a")).stall());

        assertThat(answer.completion().tokensUsed()).isEqualTo(12);
    }

    private static final ToolSpec WEATHER =
            new ToolSpec(
                    "weather",
                    "Tells the weather.",
                    Json.readObject(
                            """
                            {"$schema":"x","type":"object","additionalProperties":false,"required":["city"],
                             "properties":{"city":{"type":"string","pattern":"[a-z]+"},
                                           "unit":{"type":"string","enum":["C","F"]}}}
                            """
                                    .getBytes(UTF_8)));

    @Test
    void aModelIsOfferedToolsAndItsCallsAreStreamedAndReturned() throws Exception {
        FakeModelServer server =
                calls.server(
                        stream(
                                toolCall(0, "call_a", "weather", ""),
                                toolCall(0, null, null, "{\"ci"),
                                toolCall(0, null, null, "ty\":\"x\"}"),
                                toolCall(1, "call_b", "weather", ""),
                                finish("tool_calls"),
                                usage(9, 12),
                                DONE));

        ModelAnswer answer =
                calls.provider(server.baseUrl(), PATIENT).stream(
                        call("hi").withTools(List.of(WEATHER)), calls.sink);

        assertThat(calls.sink.pieces)
                .containsExactly(
                        "<call_a weather {\"ci>",
                        "<call_a weather ty\":\"x\"}>",
                        "<call_b weather {}>");
        assertThat(answer.toolCalls())
                .containsExactly(
                        new ToolCall("call_a", "weather", "{\"city\":\"x\"}"),
                        new ToolCall("call_b", "weather", "{}"));
        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.STOP);
        JsonNode tool = server.requests.getFirst().body().get("tools").get(0);
        assertThat(tool.get("type").asString()).isEqualTo("function");
        assertThat(tool.get("function").get("name").asString()).isEqualTo("weather");
        JsonNode parameters = tool.get("function").get("parameters");
        assertThat(parameters.get("required").toString()).isEqualTo("[\"city\"]");
        assertThat(parameters.get("properties").get("city").get("pattern").asString())
                .isEqualTo("[a-z]+");
        assertThat(parameters.get("properties").get("unit").get("enum").toString())
                .isEqualTo("[\"C\",\"F\"]");
    }

    @Test
    void toolResultsAreSentBackToTheModel() throws Exception {
        FakeModelServer server = calls.server(stream(answer("ok")));
        ToolCall asked = new ToolCall("call_a", "weather", "{\"city\":\"x\"}");
        ModelCall call =
                ModelCall.of(
                        null,
                        List.of(
                                new ModelTurn.User("hi"),
                                new ModelTurn.Assistant("", List.of(asked), "not ours"),
                                new ModelTurn.ToolResult("call_a", "weather", "rain")));

        var _ = calls.provider(server.baseUrl(), PATIENT).stream(call, calls.sink);

        JsonNode messages = server.requests.getFirst().body().get("messages");
        assertThat(messages.get(1).get("tool_calls").get(0).get("id").asString())
                .isEqualTo("call_a");
        assertThat(messages.get(2).toString())
                .isEqualTo("{\"role\":\"tool\",\"tool_call_id\":\"call_a\",\"content\":\"rain\"}");
    }

    @Test
    void aCallOfAToolThatWasNotOfferedIsAFailure() throws Exception {
        ProviderFailure failure =
                calls.failure(
                        stream(toolCall(0, "call_a", "rm", "{}"), finish("tool_calls"), DONE));

        assertThat(failure.getMessage()).endsWith("called a tool that was not offered.");
    }

    @Test
    void aToolCallThatRanOutOfTokensIsDropped() throws Exception {
        ModelAnswer answer =
                calls
                        .provider(
                                stream(
                                        toolCall(0, "call_a", "weather", "{\"ci"),
                                        finish("length"),
                                        DONE))
                        .stream(call("hi").withTools(List.of(WEATHER)), calls.sink);

        assertThat(answer.toolCalls()).isEmpty();
        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.LENGTH);
    }

    static Stream<Arguments> unfinishedStreams() {
        String half = text("b").substring(0, 90);
        return Stream.of(
                Arguments.of("cut between events", cut(text("a"))),
                Arguments.of("cut within an event", cut(text("a") + half)),
                Arguments.of("cut before a line's end", cut(text("a") + finish("stop").strip())),
                Arguments.of("ended without an end mark", stream(text("a"))),
                Arguments.of("ended within an event", stream(text("a"), half)));
    }

    private static Script cut(String sent) {
        return exchange -> exchange.open().send(sent).cut();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unfinishedStreams")
    void aStreamWithoutItsEndMarkIsACut(String how, Script script) throws Exception {
        ProviderFailure failure = calls.failure(script);

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).endsWith("did not finish its answer.");
        assertThat(failure.retryAfter()).isEmpty();
        assertThat(calls.sink.pieces).containsExactly("a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "data: [DONE]\n\n", ": nothing\n\n"})
    void aStreamWithoutAnAnswerIsAFailure(String stream) throws Exception {
        ProviderFailure failure = calls.failure(stream(stream));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).endsWith("ended its answer before it began.");
    }

    @Test
    void aServerThatDoesNotStreamIsUnderstood() throws Exception {
        String body =
                "{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"a\",\"reasoning_content\":\"hm\"},"
                        + "\"finish_reason\":\"length\"}],\"usage\":{\"completion_tokens\":3}}";

        ModelAnswer answer = calls.ask(exchange -> exchange.answer(200, "", body));

        assertThat(calls.sink.pieces).containsExactly("(hm)", "a");
        assertThat(answer.completion())
                .isEqualTo(new Completion("m", 3, Completion.FinishReason.LENGTH, "length"));
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of(
                        401,
                        "invalid_api_key",
                        "does not accept the key (HTTP 401, invalid_api_key).",
                        false),
                Arguments.of(403, "unsupported_country", "does not accept the key (HTTP", false),
                Arguments.of(404, "model_not_found", "does not know the model 'gpt-test'", false),
                Arguments.of(
                        400,
                        "context_length_exceeded",
                        "did not accept the request (HTTP 400, context_length_exceeded).",
                        false),
                Arguments.of(
                        429,
                        "rate_limit_exceeded",
                        "accepts no more requests for now (HTTP 429, rate_limit_exceeded).",
                        true),
                Arguments.of(429, "insufficient_quota", "accepts no more requests", false),
                Arguments.of(500, "sk-leak-9", "failed (HTTP 500).", true),
                Arguments.of(503, "leak \\n leak", "failed (HTTP 503).", true),
                Arguments.of(307, "", "did not accept the request (HTTP 307).", false));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void aRefusalIsOneSafeSentence(int status, String code, String sentence, boolean mayPass)
            throws Exception {
        String body =
                "{\"error\":{\"message\":\"leak "
                        + KEY
                        + "\",\"type\":\"leak\",\"param\":null,\"code\":\""
                        + code
                        + "\"}}";

        ProviderFailure failure =
                calls.failure(exchange ->
                        exchange.answer(status, "Location: http://127.0.0.1/\r\n", body));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).contains(sentence);
        assertThat(failure.retryAfter().isPresent()).isEqualTo(mayPass);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "<html>leak</html>", "{\"error\":\"leak\"}", "[", "null"})
    void aRefusalWithoutAReasonIsKnownByItsStatus(String body) throws Exception {
        ProviderFailure failure = calls.failure(exchange -> exchange.answer(500, "", body));

        assertThat(failure.getMessage()).endsWith("failed (HTTP 500).");
    }

    @Test
    void aRefusalWithAnEndlessBodyIsStillARefusal() throws Exception {
        ProviderFailure failure = calls.failure(Exchange::refuseWithoutEnd);

        assertThat(failure.getMessage()).endsWith("failed (HTTP 500).");
    }

    @ParameterizedTest
    @ValueSource(strings = {"17", "Sun, 01 Nov 2026 12:00:17 GMT"})
    void retryAfterIsPassedOn(String value) throws Exception {
        String header = "Retry-After: " + value + "\r\n";

        ProviderFailure failure = calls.failure(exchange -> exchange.answer(429, header, "{}"));

        assertThat(failure.retryAfter()).contains(Duration.ofSeconds(17));
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "-1", "Sun, 01 Nov 2026 11:00:00 GMT", "99999999999"})
    void anInvalidRetryAfterIsIgnored(String value) throws Exception {
        String header = "Retry-After: " + value + "\r\n";

        ProviderFailure failure = calls.failure(exchange -> exchange.answer(503, header, "{}"));

        assertThat(failure.retryAfter()).contains(Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data: {\"error\":{\"message\":\"leak\",\"type\":\"server_error\",\"code\":null}}\n\n",
                "event: error\ndata: {\"error\":{\"message\":\"leak\",\"code\":\"server_error\"}}\n\n",
                "error: {\"message\":\"leak\",\"type\":\"server_error\",\"code\":500}\n\n",
            })
    void anErrorWithinTheStreamIsAFailureThoughDoneFollows(String event) throws Exception {
        ProviderFailure failure = calls.failure(stream(text("a"), event, DONE));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).endsWith("ended its answer with an error (server_error).");
        assertThat(calls.sink.pieces).containsExactly("a");
    }

    @Test
    void anAnswerWithheldByAFilterIsAFailure() throws Exception {
        ProviderFailure failure = calls.failure(stream(finish("content_filter"), DONE));

        assertThat(failure.getMessage()).contains("content filter");
    }

    @ParameterizedTest
    @ValueSource(strings = {"data: {\"leak\n\n", "data: leak\n\n", "data: {\"choices\":7}\n\n"})
    void malformedJsonEndsTheCall(String event) throws Exception {
        CountDownLatch left = new CountDownLatch(1);

        ProviderFailure failure = calls.failure(stall(text("a") + event + text("b"), left));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).endsWith("sent a malformed event.");
        assertThat(calls.sink.pieces).containsExactly("a");
        assertThat(reached(left)).isTrue();
    }

    @Test
    void anEventLargerThanTheLimitEndsTheCall() throws Exception {
        CountDownLatch left = new CountDownLatch(1);
        String huge = text("a") + "data: " + "x".repeat(2 << 20);

        ProviderFailure failure = calls.failure(stall(huge, left));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).contains("1024 KiB");
        assertThat(reached(left)).isTrue();
    }

    @Test
    void aLargeEventWithinTheLimitIsAccepted() throws Exception {
        String large = "x".repeat(1_000_000);

        var _ = calls.ask(stream(answer(large)));

        assertThat(calls.sink.pieces).containsExactly(large);
    }

    @Test
    void anEndlessAnswerIsStopped() throws Exception {
        String piece = text("x".repeat(500_000));

        ProviderFailure failure = calls.failure(exchange -> exchange.open().repeat(piece));

        assertThat(failure.code()).isEqualTo(ErrorCode.ANSWER_TOO_LONG);
        assertThat(calls.sink.pieces).hasSize(4);
    }

    @Test
    void aKeyThatNoHeaderCanHoldIsRefusedAtOnceAndNotRepeated() {
        assertThatThrownBy(() ->
                        ServiceSettings.of(
                                "OPENAI", KEY + "\n", OpenAiFactory.BASE_URL, List.of(), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("OPENAI_API_KEY ")
                .hasMessageNotContaining(KEY);
        assertThat(
                        ServiceSettings.of("OPENAI", KEY, OpenAiFactory.BASE_URL, List.of(), false)
                                .toString())
                .doesNotContain(KEY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost:8000", "ftp://host/v1", "http://", "not an address"})
    void anInvalidAddressIsRefusedAtOnce(String baseUrl) {
        assertThatThrownBy(() -> ServiceSettings.of("OPENAI", null, baseUrl, List.of(), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("OPENAI_BASE_URL ");
    }
}
