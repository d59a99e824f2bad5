package dev.antiphon.bench.system;

import dev.antiphon.bench.client.Answer;
import dev.antiphon.bench.client.EventLoop;
import dev.antiphon.bench.client.Link;
import dev.antiphon.bench.client.Question;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// A model service with the Chat Completions API that streams tokens at a fixed pace, on one thread. The tokens are
/// numbers of four digits and a space, so that the place of a token in an answer says when it was due.
public final class ModelServer implements AutoCloseable {

    private static final int TOKEN_BYTES = 5;
    private static final int BACKLOG = 4_096;

    /// Stands before the id in the text of a message.
    private static final String MARK = "benchmark-question ";

    private static final String EVENT =
            "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{%s},\"finish_reason\":%s}]}\n\n";

    private final EventLoop loop = new EventLoop("bench-model");
    private final ServerSocketChannel server;
    private final Duration pace;
    private final byte[][] tokens;
    private final byte[] end;

    /// When the answers to these messages began, until they are complete.
    private final Map<String, Long> begins = new ConcurrentHashMap<>();

    /// Starts to listen on a free port.
    ///
    /// @param pace the time between two tokens of an answer
    /// @param length how many tokens an answer has, at most 10,000
    public ModelServer(Duration pace, int length) throws InterruptedException {
        this.pace = pace;
        this.tokens = new byte[length][];
        for (int i = 0; i < length; i++) {
            String delta = "\"content\":\"" + token(i) + "\"";
            tokens[i] = chunk(EVENT.formatted(delta, "null"));
        }
        String usage =
                "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n"
                        .formatted(length, length + 9);
        String last = EVENT.formatted("", "\"stop\"") + usage + "data: [DONE]\n\n";
        this.end = joined(chunk(last), "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        try {
            this.server = ServerSocketChannel.open();
            server.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), BACKLOG);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var _ =
                loop.get(() -> {
                    loop.listen(server, channel -> new Caller().accept(channel));
                    return true;
                });
    }

    private static String token(int number) {
        return String.format(Locale.ROOT, "%04d ", number);
    }

    private static byte[] chunk(String text) {
        String framed = Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
        return framed.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(first);
        all.writeBytes(second);
        return all.toByteArray();
    }

    /// The base URL, as in `OPENAI_BASE_URL`.
    public String url() {
        return "http://127.0.0.1:" + server.socket().getLocalPort() + "/v1";
    }

    /// A question that this server answers.
    public Question question(String id) {
        StringBuilder answer = new StringBuilder();
        for (int i = 0; i < tokens.length; i++) {
            answer.append(token(i));
        }
        byte[] bytes = answer.toString().getBytes(StandardCharsets.US_ASCII);
        return new Question(id, "openai", MARK + id, bytes, 0);
    }

    /// How long an answer takes.
    public Duration length() {
        return pace.multipliedBy(tokens.length);
    }

    /// Takes what each token of a part of an answer is late by.
    public interface Lateness {
        void late(long nanos);
    }

    /// Compares the arrival of a part of an answer with the times at which its tokens were due to leave this server.
    /// Any thread.
    public void compare(Answer answer, int from, int to, long at, Lateness lateness) {
        Long begin = begins.get(answer.question().id());
        if (begin == null) {
            return; // the request of an attempt that this server has not read yet: impossible for a
            // right answer
        }
        for (int i = from / TOKEN_BYTES; i < to / TOKEN_BYTES; i++) {
            lateness.late(at - begin - i * pace.toNanos());
        }
        if (to == answer.question().answer().length) {
            begins.remove(answer.question().id());
        }
    }

    /// One connection of a worker.
    private final class Caller implements Link.Reader {
        private final ByteArrayOutputStream request = new ByteArrayOutputStream();
        private @Nullable Link link;
        private boolean gone;

        void accept(SocketChannel channel) {
            link = Link.accepted(loop, channel, this);
        }

        private void send(byte[] bytes) {
            Link own = link;
            if (own != null) {
                own.send(bytes);
            }
        }

        @Override
        public void read(byte[] bytes, int from, int to) {
            request.write(bytes, from, to - from);
            String text = request.toString(StandardCharsets.UTF_8);
            int body = text.indexOf("\r\n\r\n") + 4;
            if (body < 4 || request.size() < body + contentLength(text)) {
                return;
            }
            request.reset();
            answer(text);
        }

        private static int contentLength(String request) {
            String key = "content-length:";
            int at = request.toLowerCase(Locale.ROOT).indexOf(key);
            if (at < 0) {
                return 0;
            }
            int begin = at + key.length();
            return Integer.parseInt(request.substring(begin, request.indexOf('\r', begin)).strip());
        }

        private void answer(String text) {
            // The last one: the messages before it are the history.
            int begin = text.lastIndexOf(MARK) + MARK.length();
            int last = begin;
            while (last < text.length() && isOfId(text.charAt(last))) {
                last++;
            }
            send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            long now = System.nanoTime();
            begins.put(text.substring(begin, last), now);
            next(0, now);
        }

        private static boolean isOfId(char each) {
            return Character.isLetterOrDigit(each) || each == '-' || each == '_';
        }

        private void next(int number, long due) {
            if (gone) {
                return;
            }
            if (number == tokens.length) {
                send(end);
                return;
            }
            send(tokens[number]);
            long then = due + pace.toNanos();
            loop.at(then, () -> next(number + 1, then));
        }

        @Override
        public void closed(String why) {
            gone = true;
        }
    }

    @Override
    public void close() {
        loop.close();
    }
}
