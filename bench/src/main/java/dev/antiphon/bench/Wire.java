package dev.antiphon.bench;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// HTTP/1.0, so that the events come as they are, without the frames of a chunked answer: the load shares the machine with
/// what it measures and must cost little.
final class Wire {

    private Wire() {}

    static Socket connect(URI base, Duration patience) throws IOException {
        Socket socket = new Socket(base.getHost(), base.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) patience.toMillis());
        return socket;
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
