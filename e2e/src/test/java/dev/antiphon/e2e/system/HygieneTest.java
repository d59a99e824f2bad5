package dev.antiphon.e2e.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.e2e.installation.Installation;
import dev.antiphon.servers.Ports;

import io.nats.client.Connection;
import io.nats.client.Nats;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// The registry entries of a gateway that was killed, and of one that was only paused.
@SuppressWarnings("try") // if closing is interrupted, the test has failed already
@Timeout(240)
@Execution(ExecutionMode.CONCURRENT) // both tests wait for the same half minute
final class HygieneTest {

    private static final int CONNECTIONS = 60;

    /// A survivor has had its Redis for long enough to judge others.
    private static final Duration JUDGES_AFTER = Duration.ofSeconds(30);

    /// The promise is half a minute; a busy machine can take longer.
    private static final Duration CLEAN_WITHIN = Duration.ofSeconds(90);

    @TempDir Path folder;
    private final List<Socket> sockets = new ArrayList<>();
    private Installation installation;

    @BeforeEach
    void open() {
        installation = Installation.open(folder);
    }

    @AfterEach
    void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        installation.close();
    }

    private void connect(Installation.Gateway gateway, int connections) throws IOException {
        for (int i = 0; i < connections; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port());
            sockets.add(socket);
            String request =
                    "GET /api/sse?session_id=hygiene-%d&user_id=user1 HTTP/1.0\r\n\r\n"
                            .formatted(i % 20);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            BufferedReader lines =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.US_ASCII));
            String line = lines.readLine();
            while (line != null && !line.equals("event: connected")) {
                line = lines.readLine();
            }
            assertThat(line).isNotNull();
        }
    }

    private long members(Installation.Gateway gateway) {
        long members = 0;
        for (int i = 0; i < 20; i++) {
            members +=
                    installation.members("hygiene-" + i).stream()
                            .filter(member -> member.startsWith("pod-" + gateway.port() + ":"))
                            .count();
        }
        return members;
    }

    private static String metrics(URI process) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(process.resolve("/metrics")).build(),
                            BodyHandlers.ofString())
                    .body();
        }
    }

    private static void signal(Installation.Gateway gateway, String name) throws Exception {
        Process kill =
                new ProcessBuilder("kill", "-" + name, "" + gateway.process().pid())
                        .inheritIO()
                        .start();
        assertThat(kill.waitFor()).isZero();
    }

    @Test
    void aKilledGatewaysConnectionsAreForgottenAndASleepersComeBack() throws Exception {
        Installation.Gateway killed = installation.gateway(Map.of());
        Installation.Gateway sleeper = installation.gateway(Map.of());
        Installation.Gateway survivor = installation.gateway(Map.of());
        long survivesSince = System.nanoTime();
        connect(killed, CONNECTIONS);
        connect(sleeper, CONNECTIONS);
        connect(survivor, CONNECTIONS);
        installation.register("hygiene-0", "plain-pod:conn-1");
        assertThat(members(killed)).isEqualTo(CONNECTIONS);
        await().atMost(CLEAN_WITHIN)
                .until(() -> System.nanoTime() - survivesSince > JUDGES_AFTER.toNanos());

        signal(sleeper, "STOP");
        killed.process().kill();
        long begin = System.nanoTime();
        await().atMost(CLEAN_WITHIN).until(() -> members(killed) == 0);
        System.out.printf(
                "%d members of a killed gateway were gone after %.1f s%n",
                CONNECTIONS, (System.nanoTime() - begin) / 1e9);
        await().atMost(CLEAN_WITHIN).until(() -> members(sleeper) == 0);

        signal(sleeper, "CONT");
        await().atMost(CLEAN_WITHIN).until(() -> members(sleeper) == CONNECTIONS);
        assertThat(members(survivor)).isEqualTo(CONNECTIONS);
        assertThat(metrics(survivor.address()))
                .containsPattern("chat_stream_incidents_total\\{kind=\"reaped\"} 120\\.0");
        assertThat(installation.members("hygiene-0")).contains("plain-pod:conn-1");
    }

    @Test
    void aPlainPodWithoutAListenerIsForgottenAndALiveOneIsKept() throws Exception {
        int port = Ports.free();
        installation.worker(Map.of("CHAT_DEMO_DELAY", "1s", "CHAT_WORKER_PORT", "" + port));
        installation.gateway(Map.of()); // serves when there is a stream that keeps the request
        try (Connection nats = Nats.connect(installation.addresses().get("NATS_URL"))) {
            AtomicInteger heard = new AtomicInteger();
            nats.createDispatcher(_ -> heard.incrementAndGet())
                    .subscribe("chat.pod.live-plain.response");
            nats.flush(Duration.ofSeconds(10));
            installation.register("plain", "dead-plain:conn-1");
            installation.register("plain", "live-plain:conn-1");

            nats.publish(
                    "chat.workflow.execute.plain",
                    """
                    {"message_id":"m1","session_id":"plain","user_id":"user1","message":"%s"}
                    """
                            .formatted("word ".repeat(150))
                            .getBytes(StandardCharsets.UTF_8));

            await().atMost(CLEAN_WITHIN)
                    .until(() -> !installation.members("plain").contains("dead-plain:conn-1"));
            assertThat(installation.members("plain")).containsExactly("live-plain:conn-1");
            URI worker = URI.create("http://127.0.0.1:" + port);
            await().atMost(CLEAN_WITHIN)
                    .until(() -> metrics(worker).contains("chat_registry_forgotten_total 1.0"));
            int before = heard.get();
            await().atMost(CLEAN_WITHIN).until(() -> heard.get() > before);
        }
    }
}
