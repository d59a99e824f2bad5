package dev.antiphon.gateway;

import dev.antiphon.protocol.Json;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// A well-behaved HTTP client.
final class Http {

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Http() {}

    static HttpRequest.Builder request(int port, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(10));
    }

    static HttpResponse<String> send(HttpRequest.Builder request)
            throws IOException, InterruptedException {
        return CLIENT.send(request.build(), BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    static HttpResponse<String> get(int port, String path)
            throws IOException, InterruptedException {
        return send(request(port, path));
    }

    static HttpRequest.Builder chat(int port, String body) {
        return request(port, "/api/chat")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body));
    }

    /// Posts a message of `user1`.
    static HttpResponse<String> ask(int port, String session, String message)
            throws IOException, InterruptedException {
        return askAs("user1", port, session, message);
    }

    static HttpResponse<String> askAs(String user, int port, String session, String message)
            throws IOException, InterruptedException {
        ObjectNode body = Json.object();
        body.put("session_id", session);
        body.put("user_id", user);
        body.put("message", message);
        return send(chat(port, new String(Json.bytes(body), StandardCharsets.UTF_8)));
    }

    static ObjectNode json(HttpResponse<String> response) {
        return json(response.body());
    }

    static ObjectNode json(String text) {
        return Json.readObject(text.getBytes(StandardCharsets.UTF_8));
    }

    static String text(ObjectNode object, String field) {
        return object.get(field).stringValue();
    }
}
