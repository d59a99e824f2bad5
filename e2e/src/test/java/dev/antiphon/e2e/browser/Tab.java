package dev.antiphon.e2e.browser;

import static org.awaitility.Awaitility.await;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/// One tab: takes real keys and clicks, and returns what the page shows. All methods block.
final class Tab {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final DevTools devTools;
    private final String target;
    private final String session;
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    Tab(DevTools devTools, String target, String session) {
        this.devTools = devTools;
        this.target = target;
        this.session = session;
        devTools.listen(session, this::hear);
        for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
            call(domain + ".enable", Map.of());
        }
    }

    /// What a developer would see in red: console errors, uncaught exceptions, violations of the
    /// Content-Security-Policy, failed requests.
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    void go(URI address) {
        evaluate("window.isTheOldPage = true");
        call("Page.navigate", Map.of("url", address.toString()));
        awaitLoaded();
    }

    void reload() {
        evaluate("window.isTheOldPage = true");
        call("Page.reload", Map.of());
        awaitLoaded();
    }

    private void awaitLoaded() {
        until("!window.isTheOldPage && document.readyState === 'complete'");
    }

    /// From the next page on, scripts do not find this object.
    void lacks(String name) {
        call(
                "Page.addScriptToEvaluateOnNewDocument",
                Map.of("source", "globalThis." + name + " = undefined"));
    }

    /// Its process dies without a message.
    void crash() {
        devTools.tell(session, "Page.crash");
    }

    void close() {
        devTools.call(null, "Target.closeTarget", Map.of("targetId", target));
    }

    URI address() {
        return URI.create(evaluate("location.href").asString());
    }

    /// The value of a JavaScript expression; a promise is awaited.
    ///
    /// @throws IllegalStateException when it throws
    JsonNode evaluate(String expression) {
        JsonNode answer =
                call(
                        "Runtime.evaluate",
                        Map.of(
                                "expression",
                                expression,
                                "awaitPromise",
                                true,
                                "returnByValue",
                                true));
        if (answer.has("exceptionDetails")) {
            throw new IllegalStateException(
                    expression + " threw " + answer.path("exceptionDetails"));
        }
        return answer.path("result").path("value");
    }

    /// The texts of all elements that match, as they are shown.
    List<String> texts(String selector) {
        return evaluate(
                        "[...document.querySelectorAll("
                                + DevTools.JSON.writeValueAsString(selector)
                                + ")].map(e => e.innerText)")
                .valueStream()
                .map(JsonNode::asString)
                .toList();
    }

    /// Waits until an expression, or its promised value, is true.
    void until(String expression) {
        await(expression)
                .pollInterval(Duration.ofMillis(20))
                .atMost(PATIENCE)
                .until(() ->
                        evaluate("Promise.resolve(" + expression + ").then(Boolean)").asBoolean());
    }

    void click(String selector) {
        JsonNode middle =
                evaluate(
                        "(box => ({x: box.x + box.width / 2, y: box.y + box.height / 2}))"
                                + "(document.querySelector("
                                + DevTools.JSON.writeValueAsString(selector)
                                + ").getBoundingClientRect())");
        for (String type : List.of("mousePressed", "mouseReleased")) {
            call(
                    "Input.dispatchMouseEvent",
                    Map.of(
                            "type",
                            type,
                            "x",
                            middle.path("x").asDouble(),
                            "y",
                            middle.path("y").asDouble(),
                            "button",
                            "left",
                            "clickCount",
                            1));
        }
    }

    /// Types into the focused element.
    void type(String text) {
        call("Input.insertText", Map.of("text", text));
    }

    /// Enter, with Shift or without.
    void pressEnter(boolean shift) {
        for (String type : List.of("keyDown", "keyUp")) {
            call(
                    "Input.dispatchKeyEvent",
                    Map.of(
                            "type",
                            type,
                            "key",
                            "Enter",
                            "code",
                            "Enter",
                            "text",
                            "\r",
                            "windowsVirtualKeyCode",
                            13,
                            "modifiers",
                            shift ? 8 : 0));
        }
    }

    /// Turns the mouse wheel over the middle of the page.
    void scroll(int pixels) {
        call(
                "Input.dispatchMouseEvent",
                Map.of("type", "mouseWheel", "x", 400, "y", 300, "deltaX", 0, "deltaY", pixels));
    }

    void size(int width, int height) {
        call(
                "Emulation.setDeviceMetricsOverride",
                Map.of(
                        "width",
                        width,
                        "height",
                        height,
                        "deviceScaleFactor",
                        1,
                        "mobile",
                        width < 600));
    }

    void screenshot(Path file) {
        String image = call("Page.captureScreenshot", Map.of()).path("data").asString();
        try {
            Files.write(file, Base64.getDecoder().decode(image));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private JsonNode call(String method, Map<String, ?> parameters) {
        return devTools.call(session, method, parameters);
    }

    private void hear(String event, JsonNode details) {
        switch (event) {
            case "Runtime.exceptionThrown" ->
                    complaints.add(details.path("exceptionDetails").toString());
            case "Runtime.consoleAPICalled" -> {
                if (List.of("error", "assert").contains(details.path("type").asString())) {
                    complaints.add(details.path("args").toString());
                }
            }
            case "Log.entryAdded" -> {
                JsonNode entry = details.path("entry");
                if (entry.path("level").asString().equals("error")) {
                    complaints.add(
                            entry.path("source").asString()
                                    + ": "
                                    + entry.path("text").asString()
                                    + " "
                                    + entry.path("url").asString(""));
                }
            }
            default -> {}
        }
    }
}
