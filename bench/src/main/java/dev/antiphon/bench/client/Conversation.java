package dev.antiphon.bench.client;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// A reader of one session, as a browser tab is one: it can ask, and it checks the answers that it sees, one at a time.
/// Belongs to the loop's thread.
public final class Conversation {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /// Takes what happens, on the loop.
    public interface Listener {
        /// Its stream is open.
        void opened(Conversation conversation);

        /// The right chunk arrived.
        ///
        /// @param from where the chunk's text begins in the answer, in bytes; it ends at the answer's position
        /// @param at the nanosecond of its arrival
        default void chunk(Answer answer, int from, long at) {}

        /// The answer is complete.
        void ended(Conversation conversation, Answer answer, long at);

        /// The conversation is over because of a fault, and closed.
        void failed(Conversation conversation, Fault fault);
    }

    private final Client client;
    private final Target target;
    private final InetSocketAddress gateway;
    private final String session;
    private final Listener listener;
    private final Events events = new Events(this::take);
    private @Nullable Http stream;
    private String thread = "";
    private String lastId = "";
    private long bytes;
    private boolean opened;
    private boolean closed;
    private @Nullable Answer current;

    /// Counts what is waited for, so that a timer knows whether its wait is still going on.
    private int waits;

    Conversation(Client client, Target target, int number, String session, Listener listener) {
        this.client = client;
        this.target = target;
        this.gateway = target.gateway(number);
        this.session = session;
        this.listener = listener;
    }

    public String session() {
        return session;
    }

    /// The id of the newest entry that is not a chunk of an answer, as the question; empty before the first.
    public String lastId() {
        return lastId;
    }

    /// How many bytes its stream has brought.
    public long bytes() {
        return bytes;
    }

    void open(String after) {
        await("a stream");
        Dialect dialect = target.dialect();
        if (dialect.streams()) {
            String cursor = after.isEmpty() ? "" : "&last_event_id=" + after;
            String line = "GET /api/sse?session_id=" + session + "&user_id=" + user() + cursor;
            Http own = new Http(client.loop(), gateway);
            stream = own;
            own.send(Http.request(gateway, line, ""), new StreamResponse());
        } else if (dialect == Dialect.LANGGRAPH) {
            post("POST /threads", "{}", new ThreadResponse());
        } else {
            client.loop().execute(this::opened);
        }
    }

    private String user() {
        return "u" + session;
    }

    private void post(String line, String body, Http.Response response) {
        client.posts().send(gateway, Http.request(gateway, line, body), response);
    }

    /// Sends a message and waits for its answer.
    ///
    /// @param dueAt when it was to be sent
    public void ask(Question question, long dueAt) {
        expect(question, dueAt);
        if (target.dialect() == Dialect.LANGGRAPH) {
            String body =
                    "{\"assistant_id\":\"writer\",\"stream_mode\":[\"custom\"],\"input\":{\"messages\":[{\"role\":\"user\",\"content\":\"%s %s\"}]}}"
                            .formatted(question.id(), question.text());
            post("POST /threads/" + thread + "/runs/stream", body, new AnswerResponse(question));
            return;
        }
        String body =
                "{\"session_id\":\"%s\",\"user_id\":\"%s\",\"message_id\":\"%s\",\"ai_provider\":\"%s\",\"message\":\"%s\"}"
                        .formatted(
                                session,
                                user(),
                                question.id(),
                                question.provider(),
                                question.text());
        post("POST /api/chat", body, new AnswerResponse(question));
    }

    /// Waits for the answer to a message that another reader of the session sends.
    public void expect(Question question, long dueAt) {
        current = new Answer(question, dueAt);
        await("the answer to " + question.id());
    }

    private void await(String what) {
        int own = ++waits;
        client.loop()
                .at(
                        System.nanoTime() + PATIENCE.toNanos(),
                        () -> {
                            if (own == waits) {
                                fail(
                                        Fault.Kind.TIMEOUT,
                                        "no end of %s after %d s%s"
                                                .formatted(what, PATIENCE.toSeconds(), progress()));
                            }
                        });
    }

    private String progress() {
        Answer answer = current;
        return answer == null ? "" : ", " + answer.chunks() + " chunks came";
    }

    private void opened() {
        if (!opened && !closed) {
            opened = true;
            if (current == null) {
                waits++;
            }
            listener.opened(this);
        }
    }

    private void take(Event event) {
        if (closed) {
            return;
        }
        switch (target.dialect().meaning(event)) {
            case OPEN -> opened();
            case NOTHING -> lastId = event.id();
            case CHUNK -> takeChunk(event);
            case END -> takeEnd();
            case FAULT -> fail(Fault.Kind.EVENT, event.name() + " " + event.data());
        }
    }

    private void takeChunk(Event event) {
        Answer answer = current;
        if (answer == null) {
            fail(Fault.Kind.STRAY, "nothing was asked: " + event.data());
            return;
        }
        int from = answer.position();
        Fault fault = answer.take(event);
        if (fault == null) {
            listener.chunk(answer, from, client.loop().readAt());
        } else {
            fail(fault);
        }
    }

    private void takeEnd() {
        Answer answer = current;
        if (answer == null) {
            fail(Fault.Kind.STRAY, "the end of an answer that is not expected");
            return;
        }
        Fault fault = answer.end();
        if (fault == null) {
            current = null;
            waits++;
            listener.ended(this, answer, client.loop().readAt());
        } else {
            fail(fault);
        }
    }

    private void fail(Fault.Kind kind, String detail) {
        fail(new Fault(kind, session + ": " + detail));
    }

    private void failToConnect(String why) {
        String address = "http://" + gateway.getHostString() + ":" + gateway.getPort();
        fail(new Fault(Fault.Kind.CONNECT, "cannot connect to " + address + ": " + why));
    }

    private void fail(Fault fault) {
        if (!closed) {
            close();
            listener.failed(this, fault);
        }
    }

    public void close() {
        closed = true;
        waits++;
        current = null;
        Http own = stream;
        if (own != null) {
            own.close();
        }
    }

    private final class StreamResponse implements Http.Response {
        private boolean begun;

        @Override
        public void head(int status) {
            begun = true;
            if (status != 200) {
                fail(Fault.Kind.REFUSED, "its stream got status " + status);
            } else if (!target.dialect().greets()) {
                opened();
            }
        }

        @Override
        public void body(byte[] array, int from, int to) {
            bytes += to - from;
            events.read(array, from, to);
        }

        @Override
        public void end() {
            fail(Fault.Kind.CLOSED, "the server ended its stream" + progress());
        }

        @Override
        public void failed(String why) {
            if (begun) {
                fail(Fault.Kind.CLOSED, why + progress());
            } else {
                failToConnect(why);
            }
        }
    }

    private final class ThreadResponse implements Http.Response {
        private final StringBuilder body = new StringBuilder();

        @Override
        public void head(int status) {
            if (status != 200) {
                fail(Fault.Kind.REFUSED, "its thread got status " + status);
            }
        }

        @Override
        public void body(byte[] bytes, int from, int to) {
            body.append(new String(bytes, from, to - from, StandardCharsets.UTF_8));
        }

        @Override
        public void end() {
            String key = "\"thread_id\":\"";
            int begin = body.indexOf(key);
            if (begin < 0) {
                fail(Fault.Kind.REFUSED, "no thread: " + body);
                return;
            }
            int from = begin + key.length();
            thread = body.substring(from, body.indexOf("\"", from));
            opened();
        }

        @Override
        public void failed(String why) {
            failToConnect(why);
        }
    }

    /// The response to a message: `202`, or the answer itself.
    private final class AnswerResponse implements Http.Response {
        private final Question question;
        private int status;

        AnswerResponse(Question question) {
            this.question = question;
        }

        @Override
        public void head(int got) {
            status = got;
            if (got != 200 && got != 202) {
                fail(Fault.Kind.REFUSED, question.id() + " got status " + got);
            }
        }

        @Override
        public void body(byte[] bytes, int from, int to) {
            if (!target.dialect().streams() && isSuccess()) {
                events.read(bytes, from, to);
            }
        }

        private boolean isSuccess() {
            return status == 200;
        }

        @Override
        public void end() {
            Answer answer = current;
            if (target.dialect().streams()
                    || answer == null
                    || !answer.question().id().equals(question.id())) {
                return;
            }
            if (target.dialect() == Dialect.LANGGRAPH) {
                takeEnd();
            } else {
                fail(Fault.Kind.CLOSED, "the response ended" + progress());
            }
        }

        @Override
        public void failed(String why) {
            fail(Fault.Kind.CLOSED, question.id() + ": " + why + progress());
        }
    }
}
