package dev.antiphon.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.gateway.stream.Loop;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// The state of an outlet whose client reads slowly, or not at all.
final class SseOutletTest {

    private static final int LARGE = 8 << 20;

    private Vertx vertx;
    private HttpServer server;
    private Socket client;
    private final CompletableFuture<SseOutlet> opened = new CompletableFuture<>();
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    @BeforeEach
    @SuppressWarnings("NullAway.Init")
    void open() throws Exception {
        vertx =
                Vertx.vertx(
                        new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
        server =
                vertx.createHttpServer(
                                new HttpServerOptions()
                                        .setHost("127.0.0.1")
                                        .setPort(0)
                                        .setSendBufferSize(32 * 1024)
                                        .setStrictThreadMode(true))
                        .requestHandler(request -> {
                            Exchange exchange =
                                    new Exchange(
                                            vertx,
                                            new NoLoop(),
                                            request,
                                            new Origins(Set.of()),
                                            new Bodies());
                            exchange.whenOver(() -> over.complete(null));
                            opened.complete(exchange.stream(new SharedBuffers()));
                        })
                        .listen()
                        .await(5, TimeUnit.SECONDS);
        client = new Socket();
        client.setReceiveBufferSize(16 * 1024);
        client.setSoTimeout(5_000);
        client.connect(
                new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), server.actualPort()));
        client.getOutputStream()
                .write("GET / HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        vertx.close().await(5, TimeUnit.SECONDS);
    }

    /// This test does not use it.
    private static final class NoLoop implements Loop {
        @Override
        public void execute(Runnable task) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }
    }

    private <T> T onLoop(Callable<T> call) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        opened.get(5, TimeUnit.SECONDS);
        vertx.runOnContext(_ -> {
            try {
                result.complete(call.call());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        return result.get(5, TimeUnit.SECONDS);
    }

    private void write(int bytes) throws Exception {
        onLoop(() -> {
            opened.join().write(new byte[bytes]);
            return true;
        });
    }

    private boolean writable() throws Exception {
        return onLoop(() -> opened.join().writable());
    }

    private long bytesWaiting() throws Exception {
        return onLoop(() -> opened.join().bytesWaiting());
    }

    @Test
    void noBytesWaitAfterTheKernelHasTakenThem() throws Exception {
        write(1_000);
        await().until(this::writable);
        assertThat(bytesWaiting()).isZero();
    }

    @Test
    void unreadBytesWaitAndShrinkWithEveryRead() throws Exception {
        write(LARGE);
        assertThat(writable()).isFalse();
        long before = bytesWaiting();
        assertThat(before).isPositive();
        for (int i = 0; i < 3; i++) {
            long now = before;
            client.getInputStream().readNBytes(256 * 1024);
            await().until(() -> bytesWaiting() < now);
            assertThat(writable()).isFalse();
            before = bytesWaiting();
        }
        client.getInputStream().readNBytes(LARGE - 3 * 256 * 1024);
        await().until(this::writable);
    }

    @Test
    void aClientThatDoesNotReadIsCutOffAtOnce() throws Exception {
        write(LARGE);
        assertThat(writable()).isFalse();
        onLoop(() -> {
            opened.join().abort();
            return true;
        });
        over.get(5, TimeUnit.SECONDS);
        await().until(this::isReset);
    }

    private boolean isReset() {
        try {
            client.getOutputStream().write('x');
            return client.getInputStream().skip(LARGE) < 0;
        } catch (SocketException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void writingToAClientThatHasGoneDoesNothing() throws Exception {
        write(10);
        client.close();
        over.get(5, TimeUnit.SECONDS);
        write(10);
        assertThat(writable()).isTrue();
        onLoop(() -> {
            opened.join().end();
            return true;
        });
    }
}
