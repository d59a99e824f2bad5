package dev.antiphon.testkit;

import dev.antiphon.protocol.Json;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A model server on a raw socket of the loopback interface. It speaks HTTP/1.1 with chunked bodies, as real
/// servers do, and a test can break the rules at every byte. The test's script answers each request, on the thread
/// of its connection.
public final class FakeModelServer implements AutoCloseable {

    /// Answers one request; an exception closes the connection.
    public interface Script {
        void answer(Exchange exchange) throws IOException;
    }

    private static final String CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";

    private final ServerSocket server;
    private final Script script;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private final AtomicInteger asked = new AtomicInteger();

    /// The requests so far, oldest first.
    public final List<Request> requests = new CopyOnWriteArrayList<>();

    /// The number of connections accepted so far.
    public final AtomicInteger connections = new AtomicInteger();

    /// Starts to listen on a free port.
    ///
    /// @param script answers each request
    public FakeModelServer(Script script) throws IOException {
        this.script = script;
        this.server = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(this::accept);
    }

    /// The base URL, as in `OPENAI_BASE_URL`.
    public String baseUrl() {
        return "http://127.0.0.1:" + server.getLocalPort() + "/v1";
    }

    /// The address without a path.
    public String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                connections.incrementAndGet();
                sockets.add(socket);
                Thread.startVirtualThread(() -> serve(socket));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (Request request = read(in); request != null; request = read(in)) {
                boolean first = asked.getAndIncrement() == 0;
                requests.add(request);
                script.answer(new Exchange(socket, in, request, first));
            }
        } catch (IOException e) {
            // the client left, or the script closed the connection
        } finally {
            sockets.remove(socket);
        }
    }

    private static @Nullable Request read(InputStream in) throws IOException {
        String line = line(in);
        if (line.isEmpty()) {
            return null;
        }
        Map<String, String> headers = new TreeMap<>();
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            headers.put(
                    header.substring(0, colon).toLowerCase(Locale.ROOT),
                    header.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        return new Request(line, headers, Json.valueOfService(body));
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            line.append((char) next);
        }
        return line.toString().strip();
    }

    /// One request as it arrived.
    ///
    /// @param line such as `POST /v1/chat/completions HTTP/1.1`
    /// @param headers by name
    /// @param body the JSON body
    public record Request(String line, Map<String, String> headers, JsonNode body) {}

    /// The answer to one request, written step by step.
    public static final class Exchange {

        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private final Request request;
        private final boolean first;

        private Exchange(Socket socket, InputStream in, Request request, boolean first)
                throws IOException {
            this.socket = socket;
            this.in = in;
            this.out = socket.getOutputStream();
            this.request = request;
            this.first = first;
        }

        /// The request that is being answered.
        public Request request() {
            return request;
        }

        /// Whether this is the first request that the server got.
        public boolean isFirst() {
            return first;
        }

        /// Answers with a whole body.
        public void answer(int status, String headers, String body) throws IOException {
            answer(status, headers, body.getBytes(StandardCharsets.UTF_8));
        }

        /// Answers with a whole body of arbitrary bytes.
        public void answer(int status, String headers, byte[] body) throws IOException {
            write(
                    "HTTP/1.1 "
                            + status
                            + " Whatever\r\nContent-Type: application/json\r\n"
                            + headers
                            + "Content-Length: "
                            + body.length
                            + "\r\n\r\n");
            out.write(body);
            out.flush();
        }

        /// Begins an error response and never ends it.
        public void refuseWithoutEnd() throws IOException {
            write("HTTP/1.1 500 Whatever\r\nContent-Length: 100\r\n\r\n{");
            stall();
        }

        /// Sends the headers of an event stream.
        public Exchange open() throws IOException {
            return open("text/event-stream");
        }

        /// Sends the headers of a stream.
        public Exchange open(String contentType) throws IOException {
            write("HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\n" + CHUNKED);
            return this;
        }

        /// Sends a part of the stream, of any length.
        public Exchange send(String part) throws IOException {
            // An empty chunk would end the stream, and a second end would break the connection.
            if (!part.isEmpty()) {
                byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                write(Integer.toHexString(bytes.length) + "\r\n" + part + "\r\n");
            }
            return this;
        }

        /// Sends a part byte by byte, each byte in its own packet.
        public Exchange sendBytes(String part) throws IOException {
            for (byte each : part.getBytes(StandardCharsets.UTF_8)) {
                out.write(new byte[] {'1', '\r', '\n', each, '\r', '\n'});
                out.flush();
            }
            return this;
        }

        /// Ends the stream correctly.
        public void end() throws IOException {
            write("0\r\n\r\n");
        }

        /// Closes the connection without ending the stream.
        public void cut() throws IOException {
            socket.close();
        }

        /// Sends nothing until the client closes the connection. A client that has not read all that was sent resets it,
        /// which is a close as well.
        public void stall() throws IOException {
            socket.setSoTimeout(0);
            try {
                while (in.read() >= 0) {}
            } catch (SocketException e) {
                if (socket.isClosed()) {
                    throw e; // the test is over
                }
            }
        }

        /// Sends the same part every few milliseconds until the client closes the connection.
        public void repeat(String part) throws IOException {
            repeat(part, Integer.MAX_VALUE);
        }

        /// Sends the same part `times` times, five milliseconds apart, unless the client closes the connection.
        public Exchange repeat(String part, int times) throws IOException {
            socket.setSoTimeout(5);
            for (int sent = 0; sent < times; ) {
                try {
                    if (in.read() < 0) {
                        throw new EOFException("the client left");
                    }
                } catch (SocketTimeoutException e) {
                    send(part);
                    sent++;
                }
            }
            return this;
        }

        private void write(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
