package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.protocol.RequestContext.Turn;
import dev.antiphon.protocol.WorkflowRequest.Defaults;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Instant;
import java.util.List;

final class WorkflowRequestTest {

    /// The form of PROTOCOL.md §1.
    private static final String PRINTED =
            """
            {
              "message_id": "msg_abc123",
              "session_id": "sess_456",
              "user_id": "user_789",
              "message": "What is the weather today?",
              "context": {
                "ai_provider": "openai",
                "model": "gpt-4"
              },
              "timestamp": "2025-11-18T20:30:00Z",
              "correlation_id": "corr_xyz"
            }
            """;

    private static final Defaults DEFAULTS =
            new Defaults(new MessageId("msg_derived"), Instant.parse("2026-01-02T03:04:05.678Z"));

    private static WorkflowRequest decoded(String json) {
        return WorkflowRequest.decode(Samples.utf8(json), DEFAULTS);
    }

    private static WorkflowRequest asking(String message) {
        return request(message, "{}", null);
    }

    private static WorkflowRequest request(
            String message, String context, @Nullable String parent) {
        return new WorkflowRequest(
                new MessageId("m"),
                new SessionId("s"),
                new UserId("u"),
                message,
                RequestContext.of(Json.readObject(Samples.utf8(context))),
                parent == null ? null : new MessageId(parent),
                Samples.ASKED,
                "c");
    }

    @Test
    void theContractsRequestIsReadAndWrittenUnchanged() {
        WorkflowRequest request = decoded(PRINTED);

        assertThat(request.messageId()).isEqualTo(new MessageId("msg_abc123"));
        assertThat(request.sessionId()).isEqualTo(new SessionId("sess_456"));
        assertThat(request.userId()).isEqualTo(new UserId("user_789"));
        assertThat(request.message()).isEqualTo("What is the weather today?");
        assertThat(request.context().aiProvider()).isEqualTo("openai");
        assertThat(request.context().model()).isEqualTo("gpt-4");
        assertThat(request.parentId()).isNull();
        assertThat(request.timestamp()).isEqualTo(Samples.ASKED);
        assertThat(request.correlationId()).isEqualTo("corr_xyz");
        assertThat(Samples.text(request.encode()))
                .isEqualTo(
                        """
                        {"message_id":"msg_abc123","session_id":"sess_456","user_id":"user_789",\
                        "message":"What is the weather today?",\
                        "context":{"ai_provider":"openai","model":"gpt-4"},\
                        "timestamp":"2025-11-18T20:30:00Z","correlation_id":"corr_xyz"}\
                        """);
    }

    @Test
    void onlySessionUserAndMessageAreRequired() {
        WorkflowRequest request =
                decoded("{\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"hi\"}");

        assertThat(request.messageId()).isEqualTo(DEFAULTS.messageId());
        assertThat(request.timestamp()).isEqualTo(DEFAULTS.now());
        assertThat(request.correlationId()).matches("corr_[0-9A-Za-z]{20}");
        assertThat(request.context()).isEqualTo(RequestContext.empty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"timestamp\":1763497800",
                "\"timestamp\":\"yesterday\"",
                "\"timestamp\":null",
                "\"context\":null",
                "\"message_id\":null",
                "\"correlation_id\":\"\"",
                "\"correlation_id\":null",
                "\"parent_id\":null",
                "\"unknown\":{\"a\":[1]}"
            })
    void aFieldThatPlainPublishersLeaveEmptyIsNoReasonToRefuse(String field) {
        WorkflowRequest request =
                decoded(
                        "{\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"hi\","
                                + field
                                + "}");

        assertThat(request.messageId()).isEqualTo(DEFAULTS.messageId());
        assertThat(request.timestamp()).isEqualTo(DEFAULTS.now());
        assertThat(request.correlationId()).startsWith("corr_");
        assertThat(request.context()).isEqualTo(RequestContext.empty());
        assertThat(request.parentId()).isNull();
    }

    /// Python's isoformat writes an offset and microseconds.
    @Test
    void aTimestampWithOffsetAndMicrosecondsBecomesUtcMilliseconds() {
        WorkflowRequest request = decoded(PRINTED.replace("20:30:00Z", "21:30:00.123456+01:00"));

        assertThat(Samples.text(request.encode()))
                .contains("\"timestamp\":\"2025-11-18T20:30:00.123Z\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "missing_field | session_id is required | {\"user_id\":\"u\",\"message\":\"hi\"}",
                "missing_field | user_id is required | {\"session_id\":\"s\",\"message\":\"hi\"}",
                "missing_field | message is required | {\"session_id\":\"s\",\"user_id\":\"u\"}",
                "missing_field | message is required | {\"session_id\":\"s\",\"user_id\":\"u\",\"message\":null}",
                "invalid_field | message must not be empty | {\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"\"}",
                "invalid_field | message must be a string | {\"session_id\":\"s\",\"user_id\":\"u\",\"message\":5}",
                "invalid_field | session_id must be a string | {\"session_id\":5,\"user_id\":\"u\",\"message\":\"hi\"}",
                "invalid_field | message_id must be a string | {\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"hi\",\"message_id\":[]}",
                "invalid_field | context must be an object | {\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"hi\",\"context\":\"gpt\"}",
                "invalid_field | ai_provider must be a string | {\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"hi\",\"context\":{\"ai_provider\":1}}",
                "malformed_json | the body must be a JSON object | [\"session_id\"]"
            })
    void aFieldThatIsMissingOrHasAnotherTypeIsNamed(String code, String reason, String json) {
        assertThatThrownBy(() -> decoded(json))
                .isInstanceOfSatisfying(
                        InvalidInput.class, e -> assertThat(e.code().wire()).isEqualTo(code))
                .hasMessage(reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"session_id", "user_id", "message_id", "parent_id"})
    void everyIdIsChecked(String field) {
        String json =
                "{\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"hi\"}"
                        .replaceAll("\"" + field + "\":\"[a-z]\",", "");

        assertThatThrownBy(() -> decoded(json.replace("{", "{\"" + field + "\":\"a.>\",")))
                .isInstanceOfSatisfying(
                        InvalidInput.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ID))
                .hasMessageContaining("but is 'a.>'");
    }

    @Test
    void aCorrelationIdHasAtMost256Characters() {
        String json =
                "{\"session_id\":\"s\",\"user_id\":\"u\",\"message\":\"hi\",\"correlation_id\":\"%s\"}";

        assertThat(decoded(json.formatted("é".repeat(256))).correlationId()).hasSize(256);
        assertThatThrownBy(() -> decoded(json.formatted("x".repeat(257))))
                .isInstanceOf(InvalidInput.class)
                .hasMessage("correlation_id must have 1 to 256 characters");
    }

    @ParameterizedTest
    @MethodSource("dev.antiphon.protocol.Samples#texts")
    void everyTextSurvivesTheWire(String text) {
        WorkflowRequest request =
                request(
                        text,
                        "{\"system_prompt\":\"x\",\"note\":{\"deep\":[1.5,null,true]}}",
                        "m0");

        assertThat(WorkflowRequest.decode(request.encode(), DEFAULTS)).isEqualTo(request);
        assertThat(WorkflowRequest.decodeStored(request.encode())).isEqualTo(request);
        assertThat(Json.readObject(request.messageEvent(null)).get("text").stringValue())
                .isEqualTo(text);
    }

    @Test
    void everyTabIsShownWhatWasAsked() {
        assertThat(Samples.text(asking("hi").messageEvent(null)))
                .isEqualTo(
                        "{\"message_id\":\"m\",\"role\":\"user\",\"text\":\"hi\",\"parent_id\":null}");
        assertThat(Samples.text(asking("hi").messageEvent(new MessageId("m0"))))
                .isEqualTo(
                        "{\"message_id\":\"m\",\"role\":\"user\",\"text\":\"hi\",\"parent_id\":\"m0\"}");
    }

    @Test
    void triesOfOneRequestHaveOneDigestThoughTimeAndCorrelationDiffer() {
        String again =
                PRINTED.replace("2025-11-18T20:30:00Z", "2025-11-18T20:31:00Z")
                        .replace("corr_xyz", "corr_abc")
                        .replace("\"ai_provider\": \"openai\",", "")
                        .replace("\"gpt-4\"", "\"gpt-4\", \"ai_provider\": \"openai\"");

        assertThat(decoded(again).digest()).isEqualTo(decoded(PRINTED).digest());
    }

    /// A fixed value, because a newer version must compute the same digests as an older one.
    @Test
    void theDigestIsTheSameInEveryProcess() {
        assertThat(decoded(PRINTED).digest()).isEqualTo("696c7c9070ef48f76248ede31edb7e8e63979e66");
    }

    @Test
    void theOrderOfKeysDoesNotCountHoweverDeep() {
        String one =
                "{\"a\":{\"x\":1,\"y\":2},\"conversation_history\":[{\"role\":\"user\",\"content\":\"q\"}]}";
        String other =
                "{\"conversation_history\":[{\"content\":\"q\",\"role\":\"user\"}],\"a\":{\"y\":2,\"x\":1}}";

        assertThat(request("hi", one, null).digest())
                .isEqualTo(request("hi", other, null).digest());
    }

    @Test
    void askingSomethingElseGivesAnotherDigest() {
        String digest = request("hi", "{\"a\":[1,2]}", "m0").digest();

        assertThat(request("ho", "{\"a\":[1,2]}", "m0").digest()).isNotEqualTo(digest);
        assertThat(request("hi", "{\"a\":[2,1]}", "m0").digest()).isNotEqualTo(digest);
        assertThat(request("hi", "{\"a\":[1,2],\"b\":null}", "m0").digest()).isNotEqualTo(digest);
        assertThat(request("hi", "{\"a\":[1,2]}", "m1").digest()).isNotEqualTo(digest);
        assertThat(request("hi", "{\"a\":[1,2]}", null).digest()).isNotEqualTo(digest);
    }

    @Test
    void theSameIdempotencyKeyGivesTheSameMessage() {
        MessageId id = messageId("s", "u", "key 1");

        assertThat(id.value()).matches("msg_[0-9a-f]{40}");
        assertThat(messageId("s", "u", "key 1")).isEqualTo(id);
        assertThat(messageId("s", "u", "key 2")).isNotEqualTo(id);
        assertThat(messageId("s", "v", "key 1")).isNotEqualTo(id);
        assertThat(messageId("t", "u", "key 1")).isNotEqualTo(id);
    }

    private static MessageId messageId(String session, String user, String key) {
        return WorkflowRequest.messageIdFor(new SessionId(session), new UserId(user), key);
    }

    @Test
    void toolsAreNamedOrLeftToTheOperator() {
        assertThat(
                        request("hi", "{\"tools\":[\"calculator\",\"mcp:files/*\"]}", null)
                                .context()
                                .tools())
                .isEqualTo(List.of("calculator", "mcp:files/*"));
        assertThat(request("hi", "{\"tools\":[]}", null).context().tools()).isEmpty();
        assertThat(request("hi", "{\"tools\":null}", null).context().tools()).isNull();
        assertThat(RequestContext.empty().tools()).isNull();
        String many = "\"t\",".repeat(200) + "\"t\"";
        assertThatThrownBy(() -> request("hi", "{\"tools\":[" + many + "]}", null))
                .isInstanceOf(InvalidInput.class)
                .hasMessageContaining("at most 200");
    }

    @Test
    void theContextsKnownKeysAreReadAndTheOthersKept() {
        RequestContext context =
                request(
                                "hi",
                                """
                                {"ai_provider":"demo","model":"m","temperature":0.5,"max_tokens":100,
                                 "system_prompt":"be brief","workflow":"chat","mine":[1],
                                 "conversation_history":[{"role":"user","content":"q","name":"x"},
                                                         {"role":"assistant","content":""}]}
                                """,
                                null)
                        .context();

        assertThat(context.aiProvider()).isEqualTo("demo");
        assertThat(context.model()).isEqualTo("m");
        assertThat(context.temperature()).isEqualTo(0.5);
        assertThat(context.maxTokens()).isEqualTo(100);
        assertThat(context.systemPrompt()).isEqualTo("be brief");
        assertThat(context.workflow()).isEqualTo("chat");
        assertThat(context.conversationHistory())
                .containsExactly(new Turn("user", "q"), new Turn("assistant", ""));
        assertThat(context.all().get("mine").toString()).isEqualTo("[1]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "2", "2.0", "1e0", "0.7"})
    void aTemperatureIsFrom0To2(String number) {
        assertThat(request("hi", "{\"temperature\":" + number + "}", null).context().temperature())
                .isEqualTo(Double.parseDouble(number));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"temperature\":-0.1",
                "\"temperature\":2.1",
                "\"temperature\":1e400",
                "\"temperature\":\"0.5\"",
                "\"max_tokens\":0",
                "\"max_tokens\":1.5",
                "\"max_tokens\":99999999999",
                "\"max_tokens\":\"10\"",
                "\"model\":[]",
                "\"tools\":\"calculator\"",
                "\"tools\":{}",
                "\"tools\":[1]",
                "\"tools\":[\"mcp:*/read\"]",
                "\"conversation_history\":{}",
                "\"conversation_history\":[\"hi\"]",
                "\"conversation_history\":[{\"role\":\"user\"}]",
                "\"conversation_history\":[{\"role\":\"\",\"content\":\"q\"}]",
                "\"conversation_history\":[{\"role\":\"user\",\"content\":[]}]"
            })
    void aKnownKeyOfTheContextWithAnotherKindOfValueIsRefused(String field) {
        assertThatThrownBy(() -> request("hi", "{" + field + "}", null))
                .isInstanceOfSatisfying(
                        InvalidInput.class,
                        e ->
                                assertThat(e.code())
                                        .isIn(ErrorCode.INVALID_FIELD, ErrorCode.MISSING_FIELD));
    }

    @Test
    void aNumberTooLargeForAnyoneIsRefusedRatherThanRunInto() {
        assertThatThrownBy(() -> request("hi", "{\"temperature\":1" + "0".repeat(400) + "}", null))
                .isInstanceOf(InvalidInput.class)
                .hasMessage("context.temperature must be a number from 0 to 2");
    }
}
