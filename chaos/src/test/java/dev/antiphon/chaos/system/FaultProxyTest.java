package dev.antiphon.chaos.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;

final class FaultProxyTest {

    private static final int SILENCE_MILLIS = 300;
    private static final int PATIENCE_MILLIS = 20_000;

    private final ServerSocket echo;
    private final FaultProxy proxy;

    FaultProxyTest() throws IOException {
        echo = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"));
        Thread.ofVirtual().start(this::echo);
        proxy = FaultProxy.open(echo.getLocalPort());
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        echo.close();
    }

    private void echo() {
        while (!echo.isClosed()) {
            try {
                Socket socket = echo.accept();
                Thread.ofVirtual().start(() -> echo(socket));
            } catch (IOException _) {
                // Closed, which the loop sees.
            }
        }
    }

    private static void echo(Socket socket) {
        try (socket) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException _) {
            // The proxy was cut.
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), proxy.port());
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private static int roundTrip(Socket socket, int octet) throws IOException {
        socket.getOutputStream().write(octet);
        return socket.getInputStream().read();
    }

    @Test
    void anOpenLinkPassesDataBothWays() throws IOException {
        try (Socket socket = connect()) {
            assertThat(roundTrip(socket, 7)).isEqualTo(7);
        }
    }

    @Test
    void aFrozenLinkIsSilentAndDeliversWhenItHeals() throws IOException {
        try (Socket socket = connect()) {
            assertThat(roundTrip(socket, 1)).isEqualTo(1);
            proxy.freeze();
            socket.setSoTimeout(SILENCE_MILLIS);
            assertThatThrownBy(() -> roundTrip(socket, 2))
                    .isInstanceOf(SocketTimeoutException.class);
            proxy.heal();
            socket.setSoTimeout(PATIENCE_MILLIS);
            assertThat(socket.getInputStream().read()).isEqualTo(2);
        }
    }

    @Test
    void aConnectionDuringAFreezeIsServedWhenTheLinkHeals() throws IOException {
        proxy.freeze();
        try (Socket socket = connect()) {
            socket.setSoTimeout(SILENCE_MILLIS);
            assertThatThrownBy(() -> roundTrip(socket, 3))
                    .isInstanceOf(SocketTimeoutException.class);
            proxy.heal();
            socket.setSoTimeout(PATIENCE_MILLIS);
            assertThat(socket.getInputStream().read()).isEqualTo(3);
        }
    }

    @Test
    void aCutResetsOpenAndNewConnections() throws IOException {
        try (Socket before = connect()) {
            assertThat(roundTrip(before, 1)).isEqualTo(1);
            proxy.cut();
            assertThatThrownBy(() -> before.getInputStream().read())
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("reset");
        }
        assertThatThrownBy(
                        () -> {
                            try (Socket meanwhile = connect()) {
                                while (roundTrip(meanwhile, 2) != 2) {
                                    throw new SocketException("ended");
                                }
                            }
                        })
                .isInstanceOf(SocketException.class);
        proxy.heal();
        try (Socket after = connect()) {
            assertThat(roundTrip(after, 4)).isEqualTo(4);
        }
    }
}
