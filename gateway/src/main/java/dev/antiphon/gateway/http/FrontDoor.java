package dev.antiphon.gateway.http;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.gateway.http.Router.Match;
import dev.antiphon.gateway.stream.Hub;
import dev.antiphon.gateway.stream.Loop;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.PodId;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// Listens, and passes each request to its endpoint. Lives on the loop; methods for other threads say so.
public final class FrontDoor {

    /// The kernel's buffer for a stream whose client does not read; the kernel doubles this. The default is up to 4 MiB
    /// a connection. A client 100 ms away still gets 300 KiB a second.
    private static final int SEND_BUFFER_BYTES = 32 * 1024;

    /// The kernel drops a peer that acknowledges nothing for this long; our own limit comes first where we write.
    private static final Duration UNACKNOWLEDGED = Duration.ofSeconds(60);

    /// All tabs come back at once when a pod is replaced.
    private static final int ACCEPT_BACKLOG = 4_096;

    /// Room for the longest ids in a query, percent-encoded, twice over.
    private static final int MOST_LINE_BYTES = 4_096;

    private static final int MOST_HEADER_BYTES = 8_192;

    private static final Duration SWEEP_EVERY = Duration.ofSeconds(5);

    /// Connections in addition to the streams: posts, probes, pages.
    private static final int OTHER_SOCKETS = 2_000;

    private final Vertx vertx;
    private final Loop loop;
    private final InstantSource clock;
    private final Origins origins;
    private final int mostStreams;
    private final Sockets sockets;
    private final Bodies bodies = new Bodies();
    private final HealthRoutes health;
    private final Map<String, StaticFile> files = StaticFiles.load();
    private final List<HttpServer> servers = new ArrayList<>();
    private Router<Endpoint> routes;

    /// Answers the requests without a route.
    private Endpoint otherwise = FrontDoor::notServing;

    /// A door that answers nothing but health requests until {@link #serve} is called. Blocks while it reads the
    /// page's files.
    public FrontDoor(
            Vertx vertx,
            Loop loop,
            InstantSource clock,
            PodId pod,
            Origins origins,
            int mostStreams) {
        this.vertx = vertx;
        this.loop = loop;
        this.clock = clock;
        this.origins = origins;
        this.mostStreams = mostStreams;
        this.sockets = new Sockets(mostStreams + OTHER_SOCKETS);
        this.health = new HealthRoutes(pod, clock);
        this.routes = Routes.health(health);
        vertx.setPeriodic(SWEEP_EVERY.toMillis(), _ -> sockets.sweep(loop.nanoTime()));
    }

    /// Serves all requests from now on.
    ///
    /// @param metrics the text for Prometheus
    public void serve(Backplane backplane, Hub hub, Supplier<String> metrics) {
        health.serving(backplane, hub);
        routes = Routes.all(health, backplane, hub, mostStreams, files, metrics, clock);
        otherwise = FrontDoor::notFound;
    }

    /// Answers nothing but health requests from now on. Requests in progress continue.
    public void stopServing() {
        health.stopping();
        routes = Routes.health(health);
        otherwise = FrontDoor::notServing;
    }

    /// Listens on one more port. Any thread, one call at a time.
    ///
    /// @param port 0 for a free one
    /// @param shared whether other processes can listen on it too; the kernel then gives each new connection to one
    ///     of them
    /// @return completes with the port
    public Future<Integer> listen(String host, int port, boolean shared) {
        HttpServerOptions options =
                new HttpServerOptions()
                        .setHost(host)
                        .setPort(port)
                        .setReusePort(shared)
                        .setAcceptBacklog(ACCEPT_BACKLOG)
                        .setSendBufferSize(SEND_BUFFER_BYTES)
                        .setTcpUserTimeout((int) UNACKNOWLEDGED.toMillis())
                        .setTcpKeepAlive(true)
                        .setMaxInitialLineLength(MOST_LINE_BYTES)
                        .setMaxHeaderSize(MOST_HEADER_BYTES)
                        // Browsers use HTTP/2 only over TLS, which a proxy in front terminates.
                        .setHttp2ClearTextEnabled(false)
                        // All writes come from the loop: no queue between threads is needed.
                        .setStrictThreadMode(true);
        HttpServer server =
                vertx.createHttpServer(options)
                        .connectionHandler(
                                connection -> sockets.opened(connection, loop.nanoTime()))
                        .requestHandler(this::letIn)
                        .invalidRequestHandler(this::turnAway);
        servers.add(server);
        return server.listen().map(HttpServer::actualPort);
    }

    /// Stops listening and closes connections when their answer has ended, or after `within`. Any thread.
    public Future<Void> close(Duration within) {
        return Future.join(servers.stream().map(server -> server.shutdown(within)).toList())
                .mapEmpty();
    }

    private void letIn(HttpServerRequest request) {
        Exchange exchange = new Exchange(vertx, loop, request, origins, bodies);
        sockets.busy(request.connection());
        exchange.whenOver(() -> sockets.idle(request.connection(), loop.nanoTime()));
        exchange.guard(() -> dispatch(exchange));
    }

    private void dispatch(Exchange exchange) {
        switch (routes.find(exchange.method(), exchange.path())) {
            case Match.Found<Endpoint>(Endpoint endpoint, Map<String, String> parameters) -> {
                exchange.parameters(parameters);
                endpoint.handle(exchange);
            }
            case Match.WrongMethod<Endpoint>(Set<String> allowed) ->
                    wrongMethod(exchange, String.join(", ", allowed) + ", OPTIONS");
            case Match.None<Endpoint>() -> otherwise.handle(exchange);
        }
    }

    private void wrongMethod(Exchange exchange, String allowed) {
        exchange.with("Allow", allowed);
        if (!exchange.method().equals("OPTIONS")) {
            exchange.refuse(Problem.of(ErrorCode.METHOD_NOT_ALLOWED, "this path takes " + allowed));
            return;
        }
        if (origins.allows(exchange.header("Origin"))
                && exchange.header("Access-Control-Request-Method") != null) {
            exchange.with("Access-Control-Allow-Methods", allowed)
                    .with("Access-Control-Allow-Headers", Origins.HEADERS)
                    .with("Access-Control-Max-Age", Origins.MAX_AGE_SECONDS);
        }
        exchange.answer(204);
    }

    /// Closes a stream's connection without an answer: an `EventSource` retries after that, and never after an error
    /// status. Proxies ask another gateway in both cases.
    private static void notServing(Exchange exchange) {
        if (exchange.path().equals(Routes.EVENTS)) {
            exchange.cut();
            return;
        }
        exchange.refuse(Problem.unavailable("this pod is not serving requests now"));
    }

    private static void notFound(Exchange exchange) {
        exchange.refuse(Problem.of(ErrorCode.NOT_FOUND, "there is nothing at this path"));
    }

    /// Refuses input that is not HTTP. The connection closes after the answer: the start of the next request
    /// is unknown.
    private void turnAway(HttpServerRequest request) {
        Throwable cause = request.decoderResult().cause();
        Exchange exchange = new Exchange(vertx, loop, request, origins, bodies);
        exchange.with("Connection", "close");
        exchange.refuse(
                TcpConnection.isTooLarge(cause)
                        ? Problem.of(
                                ErrorCode.HEADERS_TOO_LARGE,
                                "the request line may have %d bytes and the headers %d"
                                        .formatted(MOST_LINE_BYTES, MOST_HEADER_BYTES))
                        : Problem.of(
                                ErrorCode.INVALID_FIELD,
                                "the request line or a header is not HTTP"));
        request.connection().close();
    }
}
