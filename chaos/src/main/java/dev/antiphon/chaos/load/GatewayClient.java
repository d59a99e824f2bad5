package dev.antiphon.chaos.load;

import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.HistoryWriter;
import dev.antiphon.chaos.system.SystemUnderTest;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/// Calls gateways over HTTP and records requests and answers. Thread-safe; blocks.
final class GatewayClient implements AutoCloseable {

    /// The status when no answer came.
    static final int NONE = 0;

    private static final int OK = 200;

    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    private final HttpClient http =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(Duration.ofSeconds(5))
                    .build();
    private final HistoryWriter history;

    GatewayClient(HistoryWriter history) {
        this.history = history;
    }

    /// A message as it is sent, the same each time.
    ///
    /// @param key its `Idempotency-Key`, instead of a `message_id` in the body; null for a `message_id`
    record Question(
            String session, String user, String message, @Nullable String key, String text) {}

    /// Returns the status.
    int ask(SystemUnderTest.GatewayMember gateway, Question question) throws InterruptedException {
        ObjectNode body = JsonMapper.shared().createObjectNode();
        body.put("session_id", question.session());
        body.put("user_id", question.user());
        body.put("message", question.text());
        if (question.key() == null) {
            body.put("message_id", question.message());
        }
        history.write(at ->
                new HistoryLine.Ask(
                        at,
                        question.session(),
                        question.message(),
                        question.text(),
                        gateway.member().name()));
        Reply answer = post(gateway, "/api/chat", body, question.key());
        history.write(at ->
                new HistoryLine.Asked(
                        at,
                        question.session(),
                        question.message(),
                        answer.status(),
                        answer.body()));
        return answer.status();
    }

    /// Returns the status.
    int cancel(SystemUnderTest.GatewayMember gateway, Question question)
            throws InterruptedException {
        ObjectNode body = JsonMapper.shared().createObjectNode();
        body.put("session_id", question.session());
        body.put("user_id", question.user());
        history.write(at ->
                new HistoryLine.Cancel(
                        at, question.session(), question.message(), gateway.member().name()));
        Reply answer = post(gateway, "/api/messages/" + question.message() + "/cancel", body, null);
        history.write(at ->
                new HistoryLine.Cancelled(
                        at,
                        question.session(),
                        question.message(),
                        answer.status(),
                        answer.body()));
        return answer.status();
    }

    /// Reads the stored turns.
    ///
    /// @return whether all of `asked` are stored
    boolean messages(
            SystemUnderTest.GatewayMember gateway,
            String session,
            String user,
            List<Question> asked)
            throws InterruptedException {
        String path = "/api/sessions/" + session + "/messages?user_id=" + user;
        HttpRequest request =
                HttpRequest.newBuilder(gateway.address().resolve(path)).timeout(TIMEOUT).build();
        Reply answer = send(request);
        history.write(at -> new HistoryLine.Messages(at, session, answer.status(), answer.body()));
        return answer.status() == OK
                && asked.stream()
                        .allMatch(each -> answer.body().contains("\"" + each.message() + "\""));
    }

    private record Reply(int status, String body) {}

    private Reply post(
            SystemUnderTest.GatewayMember gateway,
            String path,
            ObjectNode body,
            @Nullable String key)
            throws InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(gateway.address().resolve(path))
                        .timeout(TIMEOUT)
                        .header("Content-Type", "application/json")
                        .POST(
                                BodyPublishers.ofByteArray(
                                        body.toString().getBytes(StandardCharsets.UTF_8)));
        if (key != null) {
            request.header("Idempotency-Key", key);
        }
        return send(request.build());
    }

    private Reply send(HttpRequest request) throws InterruptedException {
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            return new Reply(response.statusCode(), response.body());
        } catch (IOException e) {
            return new Reply(NONE, e.toString());
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
