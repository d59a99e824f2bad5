package dev.antiphon.backplane;

import dev.antiphon.servers.NatsServer;

import io.nats.client.Connection;
import io.nats.client.ErrorListener;
import io.nats.client.Options;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// A nats-server for each test, and connections to it: ours, and a plain client's.
public final class RealNats implements BeforeEachCallback, AfterEachCallback {

    private final List<AutoCloseable> opened = new ArrayList<>();
    private @Nullable NatsServer server;
    private @Nullable Nats nats;
    private @Nullable Connection plain;

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        server = NatsServer.start();
        opened.add(server);
        nats = open("ours");
        Options quiet =
                Options.builder()
                        .server(server.url())
                        .errorListener(new ErrorListener() {})
                        .build();
        plain = io.nats.client.Nats.connect(quiet);
        opened.add(plain);
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
        opened.clear();
    }

    /// One more connection of ours, as in another process.
    public Nats open(String name) throws InterruptedException {
        Nats another = Nats.open(server().url(), name);
        opened.add(another);
        return another;
    }

    public NatsServer server() {
        return Objects.requireNonNull(server);
    }

    public Nats nats() {
        return Objects.requireNonNull(nats);
    }

    public Connection plain() {
        return Objects.requireNonNull(plain);
    }
}
