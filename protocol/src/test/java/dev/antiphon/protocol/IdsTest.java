package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

final class IdsTest {

    private static final Map<String, Function<String, Object>> KINDS =
            Map.of(
                    "session_id", SessionId::new,
                    "message_id", MessageId::new,
                    "user_id", UserId::new,
                    "pod_id", PodId::new,
                    "connection_id", ConnectionId::new,
                    "worker_id", WorkerId::new);

    @ParameterizedTest
    @ValueSource(strings = {"a", "sess_456", "pod-1", "0", "_", "-", "ABC_def-123"})
    void anIdThatTheContractAllowsIsTakenByEveryKindAndShownUnchanged(String id) {
        assertThat(KINDS.values()).allSatisfy(kind -> assertThat(kind.apply(id)).hasToString(id));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "a b", "a.b", "a*", ">", "a:b", "a/b", "a\n", "\u0000", "é", "١", "😀",
                "a{b}", "$x"
            })
    void everythingElseIsRefusedByEveryKind(String id) {
        KINDS.forEach((field, kind) ->
                assertThatThrownBy(() -> kind.apply(id))
                        .isInstanceOfSatisfying(
                                InvalidInput.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ID))
                        .hasMessageStartingWith(field + " must be 1 to 128 letters"));
    }

    @Test
    void anIdHasAtMost128Characters() {
        assertThat(new SessionId("x".repeat(128)).value()).hasSize(128);
        assertThatThrownBy(() -> new SessionId("x".repeat(129))).isInstanceOf(InvalidInput.class);
    }

    /// The message goes into logs, headers and JSON.
    @Test
    void aRefusalShowsTheStartOfTheValueInPlainLetters() {
        assertThatThrownBy(() -> new SessionId("a".repeat(39) + "😀" + "b".repeat(1_000_000)))
                .hasMessage(
                        "session_id must be 1 to 128 letters, digits, '_' or '-', but is '"
                                + "a".repeat(39)
                                + "?...'");
        assertThatThrownBy(() -> new SessionId("a\r\nb\u2028\u202e"))
                .hasMessageEndingWith("but is 'a??b??'");
    }

    @Test
    void mintedIdsAreAllowedAndNeverTheSame() {
        List<String> minted = IntStream.range(0, 10_000).mapToObj(_ -> Ids.mint("msg_")).toList();

        assertThat(minted)
                .doesNotHaveDuplicates()
                .allSatisfy(id -> assertThat(id).matches("msg_[0-9A-Za-z]{20}"));
    }

    @Test
    void keysAndSubjectsAreTheContracts() {
        SessionId session = new SessionId("sess_456");
        PodId pod = new PodId("pod-1");

        assertThat(Keys.connections(session)).isEqualTo("session:connections:sess_456");
        assertThat(Subjects.execute(session)).isEqualTo("chat.workflow.execute.sess_456");
        assertThat(Subjects.podResponse(pod)).isEqualTo("chat.pod.pod-1.response");
        assertThat(Subjects.podEvent(pod)).isEqualTo("chat.pod.pod-1.event");
        assertThat(Subjects.deadLetter(ErrorCode.INVALID_ID))
                .isEqualTo("chat.deadletter.invalid_id");
        assertThat(Subjects.deadLetter(ErrorCode.INVALID_ID, session))
                .isEqualTo("chat.deadletter.invalid_id.sess_456");
    }

    @Test
    void aNoticeOfACancelNamesSessionAndMessage() {
        CancelNotice notice = new CancelNotice(new SessionId("s"), new MessageId("m"));

        assertThat(Subjects.CANCEL).isEqualTo("chat.workflow.cancel");
        assertThat(Samples.text(notice.encode()))
                .isEqualTo("{\"session_id\":\"s\",\"message_id\":\"m\"}");
        assertThat(CancelNotice.decode(notice.encode())).isEqualTo(notice);
        assertThatThrownBy(() -> CancelNotice.decode(Samples.utf8("{\"session_id\":\"s\"}")))
                .isInstanceOf(InvalidInput.class);
    }

    @Test
    void ourKeysAreThoseThatTheProtocolLists() {
        SessionId session = new SessionId("s");
        WorkerId worker = new WorkerId("w");

        assertThat(Keys.log(session)).isEqualTo("chat:log:s");
        assertThat(Keys.meta(session)).isEqualTo("chat:meta:s");
        assertThat(Keys.waiting(session)).isEqualTo("chat:wait:s");
        assertThat(Keys.run(session, new MessageId("m"))).isEqualTo("chat:run:s:m");
        assertThat(Keys.OPEN).isEqualTo("chat:open");
        assertThat(Keys.lease(worker)).isEqualTo("chat:worker:w");
        assertThat(Keys.working(worker)).isEqualTo("chat:working:w");
        assertThat(Keys.podConnections(new PodId("p"))).isEqualTo("pod:conns:p");
    }

    @Test
    void aRequestsSubjectNamesItsSession() {
        assertThat(Subjects.sessionOf("chat.workflow.execute.sess_456"))
                .isEqualTo(new SessionId("sess_456"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "chat.workflow.execute.",
                "chat.workflow.execute.s\u00e9",
                "chat.workflow.execute.$s",
                "chat.workflow",
                ""
            })
    void aSubjectWithoutASessionIsRefused(String subject) {
        assertThatThrownBy(() -> Subjects.sessionOf(subject)).isInstanceOf(InvalidInput.class);
    }

    /// The list in PROTOCOL.md §4: never renamed.
    @Test
    void errorCodesAreWrittenAsTheProtocolListsThem() {
        assertThat(ErrorCode.values())
                .extracting(ErrorCode::wire)
                .startsWith(
                        "malformed_json",
                        "missing_field",
                        "invalid_field",
                        "invalid_id",
                        "not_found",
                        "session_not_found",
                        "method_not_allowed",
                        "message_conflict",
                        "body_too_large",
                        "unsupported_media_type",
                        "headers_too_large",
                        "too_many_waiting",
                        "too_many_connections",
                        "internal",
                        "unavailable",
                        "foreign_session",
                        "provider_not_configured",
                        "provider_failed",
                        "provider_timeout",
                        "answer_too_long");
        assertThat(ErrorCode.values())
                .allSatisfy(code -> {
                    assertThat(code.httpStatus()).isBetween(400, 504);
                    assertThat(code.title()).isNotBlank();
                });
    }
}
