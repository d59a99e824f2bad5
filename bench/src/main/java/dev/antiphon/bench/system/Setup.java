package dev.antiphon.bench.system;

import java.time.Duration;

/// How the systems of a group of rows are started.
///
/// @param pace the pause between two chunks of the demo answer
/// @param modelUrl the base URL of an OpenAI-compatible server, such as `http://127.0.0.1:1234/v1`; empty: none, the
///     demo answers
public record Setup(Duration pace, String modelUrl) {

    /// As fast as possible.
    public static Setup burst() {
        return new Setup(Duration.ZERO, "");
    }

    /// Ten chunks a second.
    public static Setup paced() {
        return new Setup(Duration.ofMillis(100), "");
    }

    /// Answers come from a model server.
    public static Setup model(String url) {
        return new Setup(Duration.ZERO, url);
    }
}
