package dev.antiphon.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;

import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

final class TcpConnectionTest {

    private static final long PATIENCE_SECONDS = 20;

    private static String cut(HttpConnection connection) {
        try {
            TcpConnection.cut(connection);
            return "nothing was done";
        } catch (RuntimeException e) {
            return e.toString();
        }
    }

    /// Another connection might have the number of its file descriptor then.
    @Test
    void aConnectionThatIsClosedAlreadyIsLeftAlone() throws Exception {
        Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
        CompletableFuture<String> cut = new CompletableFuture<>();
        CompletableFuture<String> arrived = new CompletableFuture<>();
        HttpServer server =
                vertx.createHttpServer()
                        .requestHandler(request -> {
                            request.connection()
                                    .closeHandler(_ ->
                                            vertx.runOnContext(
                                                    _ -> cut.complete(cut(request.connection()))));
                            arrived.complete(request.path());
                        });
        try {
            int port =
                    server.listen(0, "127.0.0.1")
                            .toCompletionStage()
                            .toCompletableFuture()
                            .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                            .actualPort();
            try (var client = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
                client.getOutputStream()
                        .write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                assertThat(arrived.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("/");
            }

            assertThat(cut.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("nothing was done");
        } finally {
            vertx.close()
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }
}
