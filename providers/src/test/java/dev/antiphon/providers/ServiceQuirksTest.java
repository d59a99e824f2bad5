package dev.antiphon.providers;

import static dev.antiphon.providers.WireCalls.KEY;
import static dev.antiphon.providers.WireCalls.PATIENT;
import static dev.antiphon.providers.WireCalls.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Json;
import dev.antiphon.testkit.AnthropicWire;
import dev.antiphon.testkit.FakeModelServer;
import dev.antiphon.testkit.GeminiWire;
import dev.antiphon.testkit.OllamaWire;
import dev.antiphon.testkit.ResponsesWire;
import dev.antiphon.testkit.Wire;
import dev.antiphon.testkit.Wire.Reason;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Peculiarities of single services.
final class ServiceQuirksTest {

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

    @Test
    void aFinishReasonInEveryEventOfGeminiCutsNothingOff() throws Exception {
        WireCalls calls = calls(new GeminiWire());

        var _ =
                calls.ask(
                        calls.stream(
                                calls.wire
                                        .text("a")
                                        .replace(
                                                "\"index\":0",
                                                "\"index\":0,\"finishReason\":\"STOP\""),
                                calls.wire.text("b"),
                                calls.wire.end(Reason.STOP, 12)));

        assertThat(calls.sink.text()).isEqualTo("ab");
    }

    @Test
    void geminisThoughtsAreTokensToo() throws Exception {
        WireCalls calls = calls(new GeminiWire());
        String end =
                calls.wire
                        .end(Reason.STOP, 12)
                        .replace(
                                "\"totalTokenCount\"",
                                "\"thoughtsTokenCount\":30,\"totalTokenCount\"");

        ModelAnswer answer = calls.ask(calls.stream(calls.wire.text("a"), end));

        assertThat(answer.completion().tokensUsed()).isEqualTo(42);
    }

    @Test
    void aPromptThatGeminiBlocksIsAFailureWithItsReason() throws Exception {
        WireCalls calls = calls(new GeminiWire());
        String blocked =
                "data: {\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},\"modelVersion\":\"m\"}\n\n";

        ProviderFailure failure =
                calls.failure(PATIENT, exchange -> exchange.open().send(blocked).end());

        assertThat(failure.getMessage()).contains("(prohibited_content)");
    }

    @Test
    void anAnswerThatGeminiWithholdsIsAFailure() throws Exception {
        WireCalls calls = calls(new GeminiWire());
        String end = calls.wire.end(Reason.STOP, 12).replace("\"STOP\"", "\"SAFETY\"");

        ProviderFailure failure = calls.failure(PATIENT, calls.stream(end));

        assertThat(failure.getMessage()).contains("content filter");
    }

    @Test
    void anthropicsOverloadIsATemporaryFailureOnlyBeforeTheFirstToken() throws Exception {
        String overloaded =
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"leak\"}}\n\n";
        WireCalls before = calls(new AnthropicWire());
        WireCalls after = calls(new AnthropicWire());

        ProviderFailure mayPass = before.failure(PATIENT, before.stream(overloaded));
        ProviderFailure doesNot =
                after.failure(PATIENT, after.stream(after.wire.text("a"), overloaded));

        assertThat(mayPass.retryAfter()).contains(Duration.ZERO);
        assertThat(mayPass.getMessage()).endsWith("failed (overloaded_error).");
        assertThat(doesNot.retryAfter()).isEmpty();
    }

    @Test
    void anthropicGetsATokenLimitAndATemperatureThatItAccepts() throws Exception {
        WireCalls calls = calls(new AnthropicWire());
        FakeModelServer server = calls.server(calls.stream(calls.wire.answer("a")));
        ModelCall call =
                new ModelCall(null, null, call("hi").turns(), List.of(), 1.7, null, "", null);

        var _ = calls.provider(server, PATIENT).stream(call, calls.sink);

        JsonNode body = server.requests.getFirst().body();
        assertThat(body.get("max_tokens").asInt()).isEqualTo(8_192);
        assertThat(body.get("temperature").asDouble()).isEqualTo(1);
        assertThat(server.requests.getFirst().headers())
                .containsEntry("x-api-key", KEY)
                .containsEntry("anthropic-version", "2023-06-01")
                .containsEntry("user-agent", "antiphon");
    }

    @Test
    void reasoningIsRequestedFromServicesThatMustBeAsked() throws Exception {
        assertThat(askedWithReasoning(new AnthropicWire()))
                .contains("\"thinking\":{\"type\":\"adaptive\"", "summarized");
        assertThat(askedWithReasoning(new GeminiWire())).contains("\"includeThoughts\":true");
        assertThat(askedWithReasoning(new OllamaWire())).contains("\"think\":true");
        assertThat(askedWithReasoning(new ResponsesWire()))
                .contains("\"summary\":\"auto\"", "\"reasoning.encrypted_content\"");
    }

    private String askedWithReasoning(Wire wire) throws Exception {
        WireCalls calls = calls(wire);
        FakeModelServer server =
                calls.server(calls.stream(wire.text("a"), wire.end(Reason.STOP, 1)));
        ServiceSettings settings =
                new ServiceSettings(KEY, server.url() + wire.path(), List.of("m"), true);

        ModelAnswer answer =
                WireProviders.open(wire, settings, PATIENT, calls.transport(PATIENT)).stream(
                        call("hi"), calls.sink);

        assertThat(answer.completion().finishReason()).isEqualTo(Completion.FinishReason.STOP);
        return server.requests.getFirst().body().toString();
    }

    @Test
    void aModelThatOllamaDoesNotHaveIsNamed() throws Exception {
        WireCalls calls = calls(new OllamaWire());

        ProviderFailure failure =
                calls.failure(
                        PATIENT,
                        exchange ->
                                exchange.answer(404, "", "{\"error\":\"model 'leak' not found\"}"));

        assertThat(failure.code()).isEqualTo(ErrorCode.PROVIDER_FAILED);
        assertThat(failure.getMessage()).contains("does not know the model 'asked-model'");
    }

    @Test
    void twoToolsInOneLineOfOllamaAreTwoCalls() throws Exception {
        WireCalls calls = calls(new OllamaWire());
        String both =
                "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
                        + "{\"function\":{\"index\":0,\"name\":\"a\",\"arguments\":{\"x\":1}}},"
                        + "{\"function\":{\"index\":1,\"name\":\"b\",\"arguments\":{\"y\":2}}}]},\"done\":false}\n";
        ToolSpec tool = new ToolSpec("a", "", Json.object());

        ModelAnswer answer =
                calls.provider(calls.stream(both, calls.wire.end(Reason.STOP, 12))).stream(
                        call("hi").withTools(List.of(tool)), calls.sink);

        assertThat(answer.toolCalls())
                .extracting(ToolCall::arguments)
                .containsExactly("{\"x\":1}", "{\"y\":2}");
        assertThat(answer.toolCalls()).extracting(ToolCall::id).doesNotHaveDuplicates();
        assertThat(calls.sink.pieces)
                .containsExactly(
                        "<" + answer.toolCalls().get(0).id() + " a {\"x\":1}>",
                        "<" + answer.toolCalls().get(1).id() + " b {\"y\":2}>");
    }
}
