package dev.antiphon.backplane;

import static dev.antiphon.backplane.RealRedis.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.log.Chat;
import dev.antiphon.backplane.queue.Delivery;
import dev.antiphon.backplane.queue.NatsQueue;
import dev.antiphon.servers.NatsServer;

import io.nats.client.Connection;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

@Timeout(60)
final class NatsTest {

    @TempDir Path data;

    @Test
    void aServerThatComesLaterIsWaitedForAndThatIsSaidOnce() throws Exception {
        int port;
        try (NatsServer gone = NatsServer.start()) {
            port = gone.port();
        }
        try (Logged logged = new Logged(Nats.class)) {
            CompletableFuture<Nats> opening = opening("nats://user:secret@127.0.0.1:" + port);
            await().until(() -> !logged.warnings().isEmpty());

            try (NatsServer late = NatsServer.start(NatsServer.Options.temporary().onPort(port));
                    Nats nats = opening.get()) {
                assertThat(nats.connected()).isTrue();
                assertThat(nats.url()).isEqualTo(late.url());
            }
            assertThat(logged.warnings())
                    .containsExactly("waiting for NATS [url=\"nats://127.0.0.1:" + port + "\"]");
        }
    }

    private static CompletableFuture<Nats> opening(String url) {
        CompletableFuture<Nats> opening = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        opening.complete(Nats.open(url, "test"));
                    } catch (InterruptedException | RuntimeException e) {
                        opening.completeExceptionally(e);
                    }
                });
        return opening;
    }

    @Test
    void waitingEndsWithAnInterrupt() throws Exception {
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        Thread opening =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                Nats.open("nats://127.0.0.1:1", "test").close();
                            } catch (InterruptedException e) {
                                end.complete(e);
                            }
                        });
        opening.interrupt();

        assertThat(end.get()).isInstanceOf(InterruptedException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "nats://host:4222, nats://host:4222",
        "nats://user:pass@host:4222, nats://host:4222",
        "'nats://a:b@one:1,nats://t0ken@two:2', 'nats://one:1,nats://two:2'",
        "user:p@ss@host, host",
        "localhost, localhost"
    })
    void secretsInAUrlAreNeverShown(String url, String shown) {
        assertThat(Nats.withoutSecrets(url)).isEqualTo(shown);
    }

    @Test
    void anInvalidUrlStopsTheStartWithoutItsSecrets() {
        assertThatThrownBy(() -> Nats.open("nats://user:secret@host:port", "test"))
                .isInstanceOf(Unavailable.class)
                .hasMessage("NATS_URL 'nats://host:port' is not a NATS URL")
                .hasNoCause();
    }

    /// A server that requires a password: [NatsServer] has no such option.
    @Test
    void aServerThatRefusesUsStopsTheStart() throws Exception {
        try (ServerSocket strict = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> refuse(strict));
            String url = "nats://127.0.0.1:" + strict.getLocalPort();

            assertThatThrownBy(
                            () -> Nats.open("nats://u:p@127.0.0.1:" + strict.getLocalPort(), "t"))
                    .isInstanceOf(Unavailable.class)
                    .hasMessageStartingWith(url + " refused the connection: ")
                    .hasMessageEndingWith("; check NATS_URL")
                    .hasMessageNotContaining("u:p");
        }
    }

    private static void refuse(ServerSocket server) {
        try (Socket socket = server.accept()) {
            var out = socket.getOutputStream();
            out.write(
                    "INFO {\"server_id\":\"x\",\"version\":\"2.9.10\",\"max_payload\":1048576,\"auth_required\":true}\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            var in =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.US_ASCII));
            in.readLine();
            out.write("-ERR 'Authorization Violation'\r\n".getBytes(StandardCharsets.US_ASCII));
            in.readLine();
        } catch (IOException e) {
            // the client has gone
        }
    }

    @Test
    void allListenersHearOfEachReconnectAlthoughOneOfThemFails() throws Exception {
        try (Logged logged = new Logged(Nats.class);
                NatsServer server = NatsServer.start(NatsServer.Options.temporary().in(data));
                Nats nats = Nats.open(server.url(), "test")) {
            AtomicInteger told = new AtomicInteger();
            nats.onReconnect(() -> {
                throw new IllegalStateException("oops");
            });
            nats.onReconnect(told::incrementAndGet);

            for (int times = 1; times <= 2; times++) {
                server.kill();
                await().until(() -> !nats.connected());
                server.restart();
                int expected = times;
                await().until(() -> told.get() == expected);
                assertThat(nats.connected()).isTrue();
            }

            assertThat(logged.warnings())
                    .extracting(warning -> warning.replaceAll(" [\\[n].*", ""))
                    .containsExactly(
                            "NATS unavailable, reconnecting",
                            "an action after a reconnect failed",
                            "NATS unavailable, reconnecting",
                            "an action after a reconnect failed");
        }
    }

    /// A rotated password, or an account server that is unavailable for some seconds: the client library
    /// gives up permanently.
    @Test
    void aServerThatRefusesTheLoginForAWhileIsUsedAgainWithTheSameSubscriptions() throws Exception {
        NatsServer.Options right =
                NatsServer.Options.temporary().withLogin("chat", "right").in(data);
        NatsServer server = NatsServer.start(right);
        String url = "nats://chat:right@127.0.0.1:" + server.port();
        try (Logged logged = new Logged(Nats.class);
                Nats nats = Nats.open(url, "test")) {
            List<String> heard = new CopyOnWriteArrayList<>();
            AtomicInteger told = new AtomicInteger();
            nats.onReconnect(told::incrementAndGet);
            var _ =
                    nats.listen(
                            message -> heard.add(message.getSubject()), 10, 1_000, "one", "two");
            NatsQueue queue = NatsQueue.open(nats);
            queue.pull(1, Duration.ofMillis(10), _ -> {}); // its inbox is the old client's
            Connection first = nats.connection();

            server.close();
            try (NatsServer other =
                    NatsServer.start(right.onPort(server.port()).withLogin("chat", "another"))) {
                await().until(() -> first.getStatus() == Connection.Status.CLOSED);
                assertThat(nats.connected()).isFalse();
                assertThat(other.port()).isEqualTo(server.port());
            }
            try (NatsServer again = NatsServer.start(right.onPort(server.port()))) {
                await().until(() -> told.get() > 0);

                assertThat(nats.connected()).isTrue();
                nats.connection().publish("one", new byte[0]);
                nats.connection().publish("two", new byte[0]);
                await().untilAsserted(() -> assertThat(heard).containsExactly("one", "two"));
                answer(queue.publish(Chat.request("m1")));
                List<Delivery> delivered = new ArrayList<>();
                await().until(() -> {
                    queue.pull(1, Duration.ofSeconds(1), delivered::add);
                    return !delivered.isEmpty();
                });
                assertThat(again.port()).isEqualTo(server.port());
            }
            assertThat(logged.warnings())
                    .anyMatch(line -> line.startsWith("NATS refused the log-in twice, retrying"))
                    .noneMatch(line -> line.contains("right"));
        }
    }
}
