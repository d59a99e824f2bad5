package dev.antiphon.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/// Connections beyond the limit, or without a request.
final class SocketsTest {

    private static final long TOO_LATE = Sockets.IDLE.toNanos() + 1;

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    private final List<HttpConnection> opened = new CopyOnWriteArrayList<>();
    private final Sockets sockets = new Sockets(2);

    @AfterEach
    void close() throws Exception {
        vertx.close().await(5, TimeUnit.SECONDS);
    }

    private int listen() throws Exception {
        HttpServer server =
                vertx.createHttpServer(
                                new HttpServerOptions()
                                        .setHost("127.0.0.1")
                                        .setPort(0)
                                        .setHttp2ClearTextEnabled(false)
                                        .setStrictThreadMode(true))
                        .connectionHandler(connection -> {
                            sockets.opened(connection, 0);
                            opened.add(connection);
                        })
                        .requestHandler(request -> request.response().end())
                        .listen()
                        .await(5, TimeUnit.SECONDS);
        return server.actualPort();
    }

    private Socket connect(int port) throws IOException {
        int before = opened.size();
        Socket socket = new Socket();
        socket.setSoTimeout(500);
        socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        await().until(() -> opened.size() == before + 1);
        return socket;
    }

    private void onLoop(Runnable task) throws Exception {
        CompletableFuture<Void> done = new CompletableFuture<>();
        vertx.runOnContext(_ -> {
            task.run();
            done.complete(null);
        });
        done.get(5, TimeUnit.SECONDS);
    }

    private static void awaitClosed(Socket socket) {
        await().until(() -> isClosed(socket));
    }

    private static boolean isClosed(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException e) {
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    @Test
    void oneBeyondTheBoundIsClosedUntilAnotherLeaves() throws Exception {
        int port = listen();
        Socket one = connect(port);
        try (Socket _ = connect(port)) {
            try (Socket three = connect(port)) {
                awaitClosed(three);
            }
            one.close();
            await().until(() -> {
                try (Socket again = connect(port)) {
                    return !isClosed(again);
                }
            });
        }
    }

    @Test
    void oneWithoutARequestForTooLongIsClosed() throws Exception {
        int port = listen();
        try (Socket idle = connect(port);
                Socket busy = connect(port)) {
            onLoop(() -> {
                sockets.busy(opened.get(1));
                sockets.sweep(TOO_LATE);
            });
            awaitClosed(idle);
            assertThat(isClosed(busy)).isFalse();
        }
    }

    @Test
    void aRequestStartsTheWaitAgain() throws Exception {
        int port = listen();
        try (Socket socket = connect(port)) {
            onLoop(() -> {
                sockets.busy(opened.getFirst());
                sockets.idle(opened.getFirst(), TOO_LATE);
                sockets.sweep(TOO_LATE + 1);
            });
            assertThat(isClosed(socket)).isFalse();
            onLoop(() -> sockets.sweep(2 * TOO_LATE));
            awaitClosed(socket);
        }
    }
}
