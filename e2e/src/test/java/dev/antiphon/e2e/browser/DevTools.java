package dev.antiphon.e2e.browser;

import static java.util.concurrent.TimeUnit.SECONDS;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/// One connection to a browser's DevTools protocol: calls with their answers, and events by session
/// (https://chromedevtools.github.io/devtools-protocol, "flat" sessions).
///
/// Calls block. Events come on the connection's own thread, in order; a listener must not call.
final class DevTools implements AutoCloseable {
    /// Longer than any call here takes on a busy machine; a hanging browser must not make the build hang.
    private static final int ANSWER_SECONDS = 30;

    static final ObjectMapper JSON = JsonMapper.shared();

    private final Map<Integer, CompletableFuture<JsonNode>> calls = new ConcurrentHashMap<>();
    private final Map<String, BiConsumer<String, JsonNode>> listeners = new ConcurrentHashMap<>();
    private final AtomicInteger lastCall = new AtomicInteger();
    private final HttpClient http = HttpClient.newHttpClient();
    private final WebSocket socket;

    DevTools(URI address) {
        socket = http.newWebSocketBuilder().buildAsync(address, new Incoming()).join();
    }

    /// @param session null: the browser itself
    /// @throws IllegalStateException when the browser refuses the call, dies or does not answer
    JsonNode call(@Nullable String session, String method, Map<String, ?> parameters) {
        int id = lastCall.incrementAndGet();
        ObjectNode request = JSON.createObjectNode().put("id", id).put("method", method);
        request.set("params", JSON.valueToTree(parameters));
        if (session != null) {
            request.put("sessionId", session);
        }
        var answer = new CompletableFuture<JsonNode>();
        calls.put(id, answer);
        try {
            send(request.toString());
            return answer.get(ANSWER_SECONDS, SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(method + " failed: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(method + " was interrupted", e);
        } finally {
            calls.remove(id);
        }
    }

    /// Makes a call that has no answer.
    void tell(String session, String method) {
        send(
                JSON.createObjectNode()
                        .put("id", lastCall.incrementAndGet())
                        .put("method", method)
                        .put("sessionId", session)
                        .toString());
    }

    /// Takes the events of a session: the method's name and its parameters.
    void listen(String session, BiConsumer<String, JsonNode> listener) {
        listeners.put(session, listener);
    }

    // A WebSocket accepts the next message only after the previous one has been sent.
    private synchronized void send(String message) {
        socket.sendText(message, true).join();
    }

    @Override
    public void close() {
        socket.abort();
        http.close();
    }

    private final class Incoming implements WebSocket.Listener {
        private final StringBuilder message = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(
                WebSocket from, CharSequence part, boolean last) {
            message.append(part);
            if (last) {
                take(JSON.readTree(message.toString()));
                message.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
            end(new IllegalStateException("the browser closed the connection"));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            end(error);
        }

        private void take(JsonNode incoming) {
            if (!incoming.has("id")) {
                BiConsumer<String, JsonNode> listener =
                        listeners.get(incoming.path("sessionId").asString(""));
                if (listener != null) {
                    listener.accept(incoming.path("method").asString(), incoming.path("params"));
                }
                return;
            }
            CompletableFuture<JsonNode> call = calls.get(incoming.path("id").asInt());
            if (call != null && incoming.has("error")) {
                call.completeExceptionally(
                        new IllegalStateException(incoming.path("error").toString()));
            } else if (call != null) {
                call.complete(incoming.path("result"));
            }
        }

        private void end(Throwable cause) {
            calls.values().forEach(call -> call.completeExceptionally(cause));
        }
    }
}
