package dev.antiphon.cli;

import dev.antiphon.servers.Server;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// A nats-server or redis-server that `up` runs.
final class ServerChild implements Child {
    private final String name;
    private final Supplier<Server> first;

    // Guarded by this: null before the first start.
    private @Nullable Server server;
    private boolean stopped;

    /// @param first makes and starts the server; later starts restart that one
    ServerChild(String name, Supplier<Server> first) {
        this.name = name;
        this.first = first;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public synchronized String start() {
        if (stopped) {
            throw new StartException(name + " was stopped");
        }
        if (server == null) {
            server = first.get();
        } else {
            server.restart();
        }
        return "%s pid=%d %s".formatted(name, server.pid(), server.url());
    }

    @Override
    public long pid() {
        return server().pid();
    }

    @Override
    public CompletableFuture<Integer> onExit() {
        return server().onExit();
    }

    /// The server, once it has been started.
    synchronized Server server() {
        if (server == null) {
            throw new IllegalStateException(name + " was never started");
        }
        return server;
    }

    @Override
    public synchronized void stop() {
        stopped = true;
        if (server != null) {
            server.close();
        }
    }
}
