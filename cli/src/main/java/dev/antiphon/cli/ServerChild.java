package dev.antiphon.cli;

import dev.antiphon.servers.Server;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// A nats-server or redis-server that `up` runs.
final class ServerChild implements Child {
    private final String name;
    private final Supplier<Server> first;

    // Written under the lock (this) that a start holds; read without it, so that a stop need not
    // wait for a start. Null before the first start.
    private volatile @Nullable Server server;
    private volatile boolean stopped;

    /// @param first creates and starts the server; later starts restart that one
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
        Server latest = server;
        if (latest == null) {
            latest = first.get();
            server = latest;
        } else {
            latest.restart();
        }
        return "%s pid=%d %s".formatted(name, latest.pid(), latest.url());
    }

    @Override
    public long pid() {
        return server().pid();
    }

    @Override
    public Path log() {
        return server().log();
    }

    @Override
    public CompletableFuture<Integer> onExit() {
        return server().onExit();
    }

    /// The server, once it has been started.
    Server server() {
        Server latest = server;
        if (latest == null) {
            throw new IllegalStateException(name + " was never started");
        }
        return latest;
    }

    @Override
    public void stop() {
        stopped = true;
        closeServer();
        synchronized (this) {
            // A first start that was in progress has ended by now.
            closeServer();
        }
    }

    private void closeServer() {
        Server latest = server;
        if (latest != null) {
            latest.close();
        }
    }
}
