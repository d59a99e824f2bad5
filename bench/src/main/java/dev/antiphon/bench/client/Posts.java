package dev.antiphon.bench.client;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/// The connections that messages are posted on, shared by all sessions: a message must not wait for a new connection.
final class Posts {

    private final EventLoop loop;
    private final Map<InetSocketAddress, Deque<Http>> idle = new HashMap<>();

    Posts(EventLoop loop) {
        this.loop = loop;
    }

    void send(InetSocketAddress to, byte[] request, Http.Response response) {
        Deque<Http> free = idle.computeIfAbsent(to, _ -> new ArrayDeque<>());
        Http http = free.poll();
        while (http != null && !http.isOpen()) {
            http = free.poll();
        }
        Http used = http == null ? new Http(loop, to) : http;
        used.send(
                request,
                new Http.Response() {
                    @Override
                    public void head(int status) {
                        response.head(status);
                    }

                    @Override
                    public void body(byte[] bytes, int from, int end) {
                        response.body(bytes, from, end);
                    }

                    @Override
                    public void end() {
                        if (used.isOpen()) {
                            free.push(used);
                        }
                        response.end();
                    }

                    @Override
                    public void failed(String why) {
                        response.failed(why);
                    }
                });
    }

    void close() {
        idle.values().forEach(all -> all.forEach(Http::close));
        idle.clear();
    }
}
