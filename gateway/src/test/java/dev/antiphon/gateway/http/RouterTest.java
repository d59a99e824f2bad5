package dev.antiphon.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.gateway.http.Router.Match;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;
import java.util.Set;

final class RouterTest {

    private final Router<String> router =
            new Router<String>()
                    .get("/", "root")
                    .add("POST", "/api/chat", "chat")
                    .add("POST", "/api/messages/{message_id}/cancel", "cancel")
                    .get("/api/sessions/{session_id}/messages", "messages")
                    .add("DELETE", "/api/sessions/{session_id}", "forget");

    private static Match<String> found(String endpoint, Map<String, String> parameters) {
        return new Match.Found<>(endpoint, parameters);
    }

    @Test
    void aPathIsFoundByItsMethod() {
        assertThat(router.find("POST", "/api/chat")).isEqualTo(found("chat", Map.of()));
        assertThat(router.find("GET", "/")).isEqualTo(found("root", Map.of()));
    }

    @Test
    void aDocumentAnswersHeadToo() {
        assertThat(router.find("HEAD", "/")).isEqualTo(found("root", Map.of()));
    }

    @Test
    void aNameStandsForOneSegment() {
        assertThat(router.find("POST", "/api/messages/m1/cancel"))
                .isEqualTo(found("cancel", Map.of("message_id", "m1")));
        assertThat(router.find("GET", "/api/sessions/s/messages"))
                .isEqualTo(found("messages", Map.of("session_id", "s")));
        assertThat(router.find("DELETE", "/api/sessions/s"))
                .isEqualTo(found("forget", Map.of("session_id", "s")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "//",
                "/api",
                "/api/chat/",
                "/API/chat",
                "/api/messages//cancel",
                "/api/messages/a/b/cancel",
                "/api/messages/{message_id}/cancel/",
                "/api/%63hat"
            })
    void anyOtherPathIsNot(String path) {
        assertThat(router.find("POST", path)).isEqualTo(new Match.None<>());
    }

    @Test
    void aWrongMethodIsAnsweredWithTheRightOnes() {
        assertThat(router.find("PUT", "/api/chat"))
                .isEqualTo(new Match.WrongMethod<>(Set.of("POST")));
        assertThat(router.find("POST", "/api/sessions/s/messages"))
                .isEqualTo(new Match.WrongMethod<>(Set.of("GET", "HEAD")));
    }
}
