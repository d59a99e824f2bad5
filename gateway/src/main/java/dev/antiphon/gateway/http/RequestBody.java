package dev.antiphon.gateway.http;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

import tools.jackson.databind.node.ObjectNode;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// The body of one request: its size, its time and the number of bodies in progress are bounded. Lives on the loop.
final class RequestBody {

    /// The largest body: a long message, and far from any limit of ours.
    static final int MOST_BYTES = 64 * 1024;

    /// A body of 64 KiB at 6 KiB a second. A slower client is cut off.
    private static final Duration WITHIN = Duration.ofSeconds(10);

    private static final Pattern JSON =
            Pattern.compile("application/json\\s*(;\\s*charset\\s*=\\s*\"?utf-8\"?\\s*)?");

    private final Vertx vertx;
    private final HttpServerRequest request;
    private final Exchange exchange;
    private final Bodies bodies;

    /// Whether it counts as in progress.
    private boolean counted;

    RequestBody(Vertx vertx, HttpServerRequest request, Exchange exchange, Bodies bodies) {
        this.vertx = vertx;
        this.request = request;
        this.exchange = exchange;
        this.bodies = bodies;
    }

    /// Reads a JSON object and passes it on when it is complete.
    ///
    /// @throws InvalidInput when the headers announce something else
    void readJson(Consumer<ObjectNode> then) {
        requireJson();
        if (!bodies.begin()) {
            exchange.refuse(Problem.unavailable("too many requests are in progress"));
            return;
        }
        counted = true;
        exchange.whenOver(this::release);
        read(bytes -> then.accept(Json.readObject(bytes)));
    }

    /// Refuses a body that is not JSON in the form of the contract.
    private void requireJson() {
        String type = request.getHeader("Content-Type");
        String encoding = request.getHeader("Content-Encoding");
        if (type == null
                || !JSON.matcher(type.strip().toLowerCase(Locale.ROOT)).matches()
                || (encoding != null && !encoding.equalsIgnoreCase("identity"))) {
            throw new InvalidInput(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                    "the body must be application/json in UTF-8, not encoded further");
        }
    }

    /// It is no longer in progress. A second call does nothing.
    void release() {
        if (counted) {
            counted = false;
            bodies.end();
        }
    }

    /// Reads the body, of at most {@link #MOST_BYTES}, and passes it on when it is complete. Never keeps more than
    /// that, in whatever pieces the client sends it.
    private void read(Consumer<byte[]> then) {
        if (declaredLength() > MOST_BYTES) {
            refuse();
            return;
        }
        if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
            request.response().writeContinue();
        }
        Buffer body = Buffer.buffer();
        long timer =
                vertx.setTimer(WITHIN.toMillis(), _ -> TcpConnection.cut(request.connection()));
        exchange.whenOver(() -> vertx.cancelTimer(timer));
        request.handler(part -> {
            if (body.length() + part.length() > MOST_BYTES) {
                refuse();
            } else {
                body.appendBuffer(part);
            }
        });
        request.endHandler(_ -> {
            vertx.cancelTimer(timer);
            exchange.guard(() -> then.accept(body.getBytes()));
        });
    }

    private void refuse() {
        exchange.refuse(
                Problem.of(
                        ErrorCode.BODY_TOO_LARGE,
                        "the body may have at most " + MOST_BYTES + " bytes"));
    }

    /// The declared length, or 0. A header that is not a number was refused earlier, or counts as too large.
    private long declaredLength() {
        String length = request.getHeader("Content-Length");
        try {
            return length == null ? 0 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }

    /// Whether bytes of the body can still come.
    boolean isUnread() {
        return !request.isEnded()
                && (declaredLength() > 0 || request.getHeader("Transfer-Encoding") != null);
    }
}
