package dev.antiphon.gateway.http;

import dev.antiphon.backplane.RedisFull;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.gateway.stream.Loop;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/// One request and its one answer. Lives on the loop. Only the first answer counts, and an answer to a client that has
/// gone does nothing.
final class Exchange {

    /// How long the rest of a body is read and thrown away after an early answer: if we closed at once, the client's
    /// kernel would discard the answer.
    private static final Duration LINGER = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    private final Vertx vertx;
    private final Loop loop;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Origins origins;
    private final RequestBody body;
    private final List<Runnable> whenOver = new ArrayList<>(1);
    private Map<String, String> parameters = Map.of();

    Exchange(Vertx vertx, Loop loop, HttpServerRequest request, Origins origins, Bodies bodies) {
        this.vertx = vertx;
        this.loop = loop;
        this.request = request;
        this.response = request.response();
        this.origins = origins;
        this.body = new RequestBody(vertx, request, this, bodies);
        request.exceptionHandler(_ -> {}); // the client left in the middle of its body
        response.exceptionHandler(_ -> {}); // or in the middle of the answer: it has no reader
        response.closeHandler(_ -> over());
        response.endHandler(_ -> over());
    }

    /// Runs `action` once, when the answer has ended or the client has gone.
    void whenOver(Runnable action) {
        whenOver.add(action);
    }

    private void over() {
        List<Runnable> actions = List.copyOf(whenOver);
        whenOver.clear();
        actions.forEach(Runnable::run);
    }

    // The request

    String method() {
        return request.method().name();
    }

    /// The path as it arrived.
    String path() {
        String path = request.path();
        return path == null ? "" : path;
    }

    Query query() {
        return Query.parse(request.query());
    }

    @Nullable String header(String name) {
        return request.getHeader(name);
    }

    /// The part of the path at the route's `{name}`.
    String parameter(String name) {
        String value = parameters.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the route has no {" + name + "}");
        }
        return value;
    }

    void parameters(Map<String, String> parameters) {
        this.parameters = parameters;
    }

    /// Reads the body, which must be a JSON object, and passes it on when it is complete.
    void readJson(Consumer<ObjectNode> then) {
        body.readJson(then);
    }

    // The answer

    boolean isAnswered() {
        return response.headWritten() || response.closed();
    }

    /// Sets a header of the answer.
    Exchange with(String name, String value) {
        if (!isAnswered()) {
            response.putHeader(name, value);
        }
        return this;
    }

    void answer(int status, String mediaType, byte[] body) {
        if (isAnswered()) {
            return;
        }
        response.putHeader("Content-Type", mediaType);
        response.putHeader("Content-Length", Integer.toString(body.length));
        end(status, Buffer.buffer(body));
    }

    /// An answer without a body.
    void answer(int status) {
        if (!isAnswered()) {
            end(status, Buffer.buffer());
        }
    }

    void json(int status, byte[] body) {
        answer(status, "application/json", body);
    }

    void refuse(Problem problem) {
        Duration retryAfter = problem.retryAfter();
        if (retryAfter != null) {
            with("Retry-After", Long.toString(retryAfter.toSeconds()));
        }
        answer(problem.code().httpStatus(), Problem.MEDIA_TYPE, problem.body());
    }

    /// Closes the connection without an answer.
    void cut() {
        TcpConnection.cut(request.connection());
    }

    /// Begins an answer that continues until the returned outlet ends it.
    SseOutlet events(SharedBuffers buffers) {
        with("Content-Type", "text/event-stream")
                .with("Cache-Control", "no-cache")
                .with("X-Accel-Buffering", "no"); // otherwise nginx collects events
        return stream(buffers);
    }

    /// As {@link #events}, with the headers that are set.
    SseOutlet stream(SharedBuffers buffers) {
        body.release(); // it has been read, and a stream lasts for hours
        commonHeaders();
        response.setChunked(true);
        return new SseOutlet(response, request.connection(), buffers);
    }

    private void end(int status, Buffer content) {
        commonHeaders();
        if (!response.headers().contains("Cache-Control")) {
            response.putHeader("Cache-Control", "no-store");
        }
        response.setStatusCode(status);
        if (!body.isUnread()) {
            response.end(content);
            return;
        }
        // The answer precedes the end of the body: this connection cannot be used again.
        response.putHeader("Connection", "close");
        request.handler(_ -> {});
        request.endHandler(_ -> request.connection().close());
        vertx.setTimer(LINGER.toMillis(), _ -> TcpConnection.cut(request.connection()));
        response.end(content);
    }

    private void commonHeaders() {
        response.putHeader("X-Content-Type-Options", "nosniff");
        if (!origins.allowed().isEmpty()) {
            response.putHeader("Vary", "Origin");
        }
        String origin = header("Origin");
        if (origin != null && origins.allows(origin)) {
            response.putHeader("Access-Control-Allow-Origin", origin);
            response.putHeader("Access-Control-Expose-Headers", Origins.EXPOSED);
        }
    }

    // Failures

    /// Continues on the loop with the result of `stage`. If the stage fails, the client gets the answer of
    /// {@link #failed}.
    <T> void when(CompletionStage<T> stage, Consumer<T> then) {
        stage.whenComplete((value, failure) ->
                loop.execute(() -> {
                    if (failure == null) {
                        guard(() -> then.accept(value));
                    } else {
                        failed(failure);
                    }
                }));
    }

    /// Runs a part of answering; its exception becomes the answer.
    void guard(Runnable part) {
        try {
            part.run();
        } catch (RuntimeException e) {
            failed(e);
        }
    }

    /// Invalid input is the client's fault, and an unavailable server is not the fault of either side. Everything else
    /// is our fault and is logged, only in this place.
    void failed(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        switch (cause) {
            case InvalidInput refused -> refuse(Problem.of(refused));
            case RedisFull _ -> refuse(Problem.full());
            case Unavailable _ -> refuse(Problem.unavailable("try again in a moment"));
            default -> {
                LOG.atError()
                        .addKeyValue("method", method())
                        .addKeyValue("path", path())
                        .setCause(cause)
                        .log("a request failed");
                refuse(Problem.of(ErrorCode.INTERNAL, "the request failed"));
            }
        }
    }
}
