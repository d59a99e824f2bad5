package dev.antiphon.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// HTTP/1.0, so that the events arrive without the frames of a chunked answer: the load shares the machine with the
/// system under test and must cost little.
final class BenchHttp {

    /// A gateway that does not accept a connection for this long is overloaded or unavailable.
    private static final int CONNECT_MILLIS = 10_000;

    private BenchHttp() {}

    /// Connects to a gateway.
    ///
    /// @param patience the longest wait of a later read
    /// @throws IOException when there is no answer; the message names the address
    static Socket connect(URI base, Duration patience) throws IOException {
        var socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(base.getHost(), base.getPort()), CONNECT_MILLIS);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) patience.toMillis());
            return socket;
        } catch (IOException e) {
            socket.close();
            throw new IOException("cannot connect to " + base + ": " + e.getMessage(), e);
        }
    }

    static void send(Socket socket, URI base, String what, String body) throws IOException {
        String request =
                what
                        + " HTTP/1.0\r\nHost: "
                        + base.getAuthority()
                        + "\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length()
                        + "\r\n\r\n"
                        + body;
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    }

    static void require(EventLines answer, int status) throws IOException {
        String first = answer.nextLine();
        if (!first.contains(" " + status + " ")) {
            throw new IOException("the gateway answered " + first);
        }
    }
}
