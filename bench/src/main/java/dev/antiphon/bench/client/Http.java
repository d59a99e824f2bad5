package dev.antiphon.bench.client;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// A connection with HTTP/1.1 that is used again after each response; one request at a time.
public final class Http implements Link.Reader {

    /// Takes the response to one request.
    public interface Response {
        void head(int status);

        /// A part of the body; the array is used again after this call.
        void body(byte[] bytes, int from, int to);

        /// The response is complete.
        void end();

        /// The connection failed before the response was complete.
        void failed(String why);
    }

    private enum State {
        HEAD,
        LENGTH,
        UNTIL_CLOSED,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILER
    }

    private static final int CARRIAGE_RETURN = '\r';
    private static final int LINE_FEED = '\n';

    private final Link link;
    private final ByteArrayOutputStream head = new ByteArrayOutputStream(256);
    private State state = State.HEAD;
    private int lineLength;
    private long left;
    private boolean open = true;
    private @Nullable Response current;

    Http(EventLoop loop, InetSocketAddress address) {
        this.link = Link.connect(loop, address, this);
    }

    /// The bytes of a request; `body` empty means GET-like.
    static byte[] request(InetSocketAddress to, String line, String body) {
        String text =
                line
                        + " HTTP/1.1\r\nHost: "
                        + to.getHostString()
                        + ":"
                        + to.getPort()
                        + "\r\n"
                        + (body.isEmpty()
                                ? "Accept: text/event-stream\r\n"
                                : "Content-Type: application/json\r\nContent-Length: "
                                        + body.length()
                                        + "\r\n")
                        + "\r\n"
                        + body;
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    boolean isOpen() {
        return open;
    }

    void send(byte[] request, Response response) {
        if (current != null) {
            throw new IllegalStateException("the previous response is not complete");
        }
        current = response;
        link.send(request);
    }

    void close() {
        open = false;
        current = null;
        link.close();
    }

    @Override
    public void closed(String why) {
        open = false;
        Response waiting = current;
        current = null;
        if (waiting == null) {
            return;
        }
        if (state == State.UNTIL_CLOSED) {
            waiting.end();
        } else {
            waiting.failed(why);
        }
    }

    @Override
    public void read(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to && open) {
            at = step(bytes, at, to);
        }
    }

    private int step(byte[] bytes, int at, int to) {
        return switch (state) {
            case HEAD -> readHead(bytes, at, to);
            case LENGTH, CHUNK -> readBody(bytes, at, to);
            case UNTIL_CLOSED -> {
                response().body(bytes, at, to);
                yield to;
            }
            case CHUNK_SIZE -> readChunkSize(bytes, at, to);
            case CHUNK_END -> {
                if (bytes[at] == LINE_FEED) {
                    state = State.CHUNK_SIZE;
                    left = 0;
                }
                yield at + 1;
            }
            case TRAILER -> readTrailer(bytes, at, to);
        };
    }

    private Response response() {
        Response waiting = current;
        if (waiting == null) {
            throw new IllegalStateException("a response without a request");
        }
        return waiting;
    }

    private int readHead(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            head.write(bytes[at]);
            if (bytes[at] == LINE_FEED) {
                if (lineLength == 0) {
                    begin(head.toString(StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT));
                    head.reset();
                    return at + 1;
                }
                lineLength = 0;
            } else if (bytes[at] != CARRIAGE_RETURN) {
                lineLength++;
            }
        }
        return to;
    }

    private void begin(String text) {
        int status = Integer.parseInt(text.substring(9, 12));
        Response response = response();
        int length = text.indexOf("\r\ncontent-length:");
        left = 0;
        if (text.contains("\r\ntransfer-encoding: chunked")) {
            state = State.CHUNK_SIZE;
        } else if (length >= 0) {
            int begin = length + "\r\ncontent-length:".length();
            left = Long.parseLong(text.substring(begin, text.indexOf('\r', begin)).strip());
            state = State.LENGTH;
        } else if (status == 204) {
            state = State.LENGTH;
        } else {
            state = State.UNTIL_CLOSED;
        }
        response.head(status);
        if (state == State.LENGTH && left == 0) {
            complete();
        }
    }

    private int readBody(byte[] bytes, int at, int to) {
        int end = (int) Math.min(to, at + left);
        left -= end - at;
        State before = state;
        response().body(bytes, at, end);
        if (left == 0 && open) {
            if (before == State.LENGTH) {
                complete();
            } else {
                state = State.CHUNK_END;
            }
        }
        return end;
    }

    private int readChunkSize(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            int digit = Character.digit(bytes[at], 16);
            if (digit >= 0) {
                left = left * 16 + digit;
            } else if (bytes[at] == LINE_FEED) {
                state = left == 0 ? State.TRAILER : State.CHUNK;
                return at + 1;
            }
        }
        return to;
    }

    /// The empty line after the last chunk.
    private int readTrailer(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] == LINE_FEED) {
                complete();
                return at + 1;
            }
        }
        return to;
    }

    private void complete() {
        state = State.HEAD;
        Response done = response();
        current = null;
        done.end();
    }
}
