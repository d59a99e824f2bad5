package dev.antiphon.gateway.http;

import dev.antiphon.backplane.RedisFull;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.gateway.stream.Loop;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;

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
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// One request and its one answer. Lives on the loop. Only the first answer counts, and an answer to a client that has
/// gone does nothing.
final class Exchange {

    /// The largest body: a long message, and far from any limit of ours.
    static final int MOST_BODY_BYTES = 64 * 1024;

    /// A body of 64 KiB at 6 KiB a second. A slower client is cut off.
    private static final Duration BODY_WITHIN = Duration.ofSeconds(10);

    /// How long the rest of a body is read and thrown away after an early answer: if we closed at once, the client's
    /// kernel would discard the answer.
    private static final Duration LINGER = Duration.ofSeconds(2);

    private static final Pattern JSON =
            Pattern.compile("application/json\\s*(;\\s*charset\\s*=\\s*\"?utf-8\"?\\s*)?");

    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    private final Vertx vertx;
    private final Loop loop;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Origins origins;
    private final Bodies bodies;
    private final List<Runnable> whenOver = new ArrayList<>(1);
    private Map<String, String> parameters = Map.of();
    private boolean holdsBody;

    Exchange(Vertx vertx, Loop loop, HttpServerRequest request, Origins origins, Bodies bodies) {
        this.vertx = vertx;
        this.loop = loop;
        this.request = request;
        this.response = request.response();
        this.origins = origins;
        this.bodies = bodies;
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

    /// Refuses a body that is not JSON in the form of the contract.
    private void requireJson() {
        String type = header("Content-Type");
        String encoding = header("Content-Encoding");
        if (type == null
                || !JSON.matcher(type.strip().toLowerCase(Locale.ROOT)).matches()
                || (encoding != null && !encoding.equalsIgnoreCase("identity"))) {
            throw new InvalidInput(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "the body must be application/json in UTF-8, not encoded further");
        }
    }

    /// Reads the body, which must be a JSON object, and passes it on when it is complete.
    void readJson(Consumer<ObjectNode> then) {
        requireJson();
        if (!bodies.begin()) {
            refuse(Problem.unavailable("too many requests are in progress"));
            return;
        }
        holdsBody = true;
        whenOver(this::releaseBody);
        readBody(body -> then.accept(Json.readObject(body)));
    }

    private void releaseBody() {
        if (holdsBody) {
            holdsBody = false;
            bodies.end();
        }
    }

    /// Reads the body, of at most {@link #MOST_BODY_BYTES}, and passes it on when it is complete. Never keeps more than
    /// that, in whatever pieces the client sends it.
    private void readBody(Consumer<byte[]> then) {
        if (declaredLength() > MOST_BODY_BYTES) {
            refuseBody();
            return;
        }
        if ("100-continue".equalsIgnoreCase(header("Expect"))) {
            response.writeContinue();
        }
        Buffer body = Buffer.buffer();
        long timer =
                vertx.setTimer(
                        BODY_WITHIN.toMillis(), _ -> TcpConnection.cut(request.connection()));
        whenOver(() -> vertx.cancelTimer(timer));
        request.handler(part -> {
            if (body.length() + part.length() > MOST_BODY_BYTES) {
                refuseBody();
            } else {
                body.appendBuffer(part);
            }
        });
        request.endHandler(_ -> {
            vertx.cancelTimer(timer);
            guard(() -> then.accept(body.getBytes()));
        });
    }

    private void refuseBody() {
        refuse(
                Problem.of(
                        ErrorCode.BODY_TOO_LARGE,
                        "the body may have at most " + MOST_BODY_BYTES + " bytes"));
    }

    /// The declared length, or 0. A header that is not a number was refused earlier, or counts as too large.
    private long declaredLength() {
        String length = header("Content-Length");
        try {
            return length == null ? 0 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }

    private boolean hasUnreadBody() {
        return !request.isEnded() && (declaredLength() > 0 || header("Transfer-Encoding") != null);
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
        releaseBody(); // it has been read, and a stream lasts for hours
        commonHeaders();
        response.setChunked(true);
        return new SseOutlet(response, request.connection(), buffers);
    }

    private void end(int status, Buffer body) {
        commonHeaders();
        if (!response.headers().contains("Cache-Control")) {
            response.putHeader("Cache-Control", "no-store");
        }
        response.setStatusCode(status);
        if (!hasUnreadBody()) {
            response.end(body);
            return;
        }
        // The answer precedes the end of the body: this connection cannot be used again.
        response.putHeader("Connection", "close");
        request.handler(_ -> {});
        request.endHandler(_ -> request.connection().close());
        vertx.setTimer(LINGER.toMillis(), _ -> TcpConnection.cut(request.connection()));
        response.end(body);
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
