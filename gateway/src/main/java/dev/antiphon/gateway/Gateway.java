package dev.antiphon.gateway;

import dev.antiphon.backplane.Backplane;
import dev.antiphon.backplane.RedisState;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.doorbell.PodSubscription;
import dev.antiphon.backplane.doorbell.RingListener;
import dev.antiphon.backplane.registry.ConnectionRegistry;
import dev.antiphon.gateway.http.FrontDoor;
import dev.antiphon.gateway.stream.Hub;
import dev.antiphon.gateway.stream.PlainAnswers;
import dev.antiphon.gateway.stream.PodStatus;
import dev.antiphon.gateway.stream.Reaper;
import dev.antiphon.gateway.stream.StreamCounters;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// One gateway: accepts messages over HTTP and streams answers out.
public final class Gateway implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    private static final Duration START_WITHIN = Duration.ofSeconds(10);

    /// The longest time for each step of closing; all of them together stay below ten seconds.
    private static final Duration STEP_WITHIN = Duration.ofSeconds(2);

    private final GatewayConfig config;
    private final Vertx vertx;
    private final VertxLoop loop;
    private final FrontDoor door;
    private final Backplane backplane;
    private final PodSubscription subscription;
    private final GatewayMeters meters;
    private final Hub hub;
    private final int port;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Gateway(
            GatewayConfig config,
            Vertx vertx,
            VertxLoop loop,
            FrontDoor door,
            Backplane backplane,
            PodSubscription subscription,
            GatewayMeters meters,
            Hub hub,
            int port) {
        this.config = config;
        this.vertx = vertx;
        this.loop = loop;
        this.door = door;
        this.backplane = backplane;
        this.subscription = subscription;
        this.meters = meters;
        this.hub = hub;
        this.port = port;
    }

    /// Opens a gateway; returns when it serves requests. Waits until Redis and NATS are available, and already listens
    /// on its own port meanwhile: it reports that it is alive and not ready.
    ///
    /// @throws IllegalStateException when a port is not available, with one line that names it
    /// @throws Unavailable when the set-up of Redis or NATS does not fit
    /// @throws InterruptedException when interrupted while waiting
    public static Gateway open(GatewayConfig config) throws InterruptedException {
        return open(config, _ -> {});
    }

    /// As {@link #open(GatewayConfig)}.
    ///
    /// @param process the process's own metrics, in addition to the gateway's
    public static Gateway open(GatewayConfig config, MeterBinder process)
            throws InterruptedException {
        Vertx vertx = openVertx();
        try {
            VertxLoop loop = new VertxLoop(vertx);
            FrontDoor door =
                    new FrontDoor(
                            vertx,
                            loop,
                            InstantSource.system(),
                            config.pod(),
                            config.origins(),
                            config.mostConnections());
            // First of all: a port in use should be reported at once, not after a long wait
            // for Redis.
            int port = listen(door, config.host(), config.port(), false);
            return open(config, process, vertx, loop, door, port);
        } catch (RuntimeException | InterruptedException e) {
            settle(vertx.close().toCompletionStage());
            throw e;
        }
    }

    private static Gateway open(
            GatewayConfig config,
            MeterBinder process,
            Vertx vertx,
            VertxLoop loop,
            FrontDoor door,
            int port)
            throws InterruptedException {
        Backplane backplane = Backplane.open(config.backplane(), "gateway " + config.pod());
        try {
            ConnectionRegistry registry = backplane.registry(config.pod());
            StreamCounters counters = new StreamCounters();
            Hub hub =
                    new Hub(
                            loop,
                            backplane.log(),
                            backplane.history(),
                            backplane.conversations(),
                            registry,
                            ConnectionId::mint,
                            counters);
            await(registry.purge());
            await(backplane.pods().beat(config.pod()));
            Reaper reaper = new Reaper(loop, backplane.pods(), config.pod(), counters);
            // Before the first connection is registered: its rings must be received.
            PlainAnswers plain =
                    new PlainAnswers(
                            loop, backplane.plainLog(), backplane.history(), hub, counters);
            PodSubscription subscription = backplane.listen(config.pod(), ringListener(hub, plain));
            vertx.setPeriodic(
                    Hub.TICK.toMillis(),
                    _ -> {
                        hub.status(
                                PodStatus.of(redis(backplane, reaper), backplane.natsConnected()));
                        reaper.tick(backplane.redisConnectedFor());
                        plain.tick();
                        hub.tick();
                    });
            GatewayMeters meters = new GatewayMeters(hub, counters, backplane, process);
            loop.execute(() -> door.serve(backplane, hub, meters::text));
            if (config.sharedPort() != null) {
                // Not earlier: the kernel would give connections to this process that others could
                // serve. The loop keeps the order, so every request that arrives here is served.
                listen(door, config.host(), config.sharedPort(), true);
            }
            LOG.atInfo()
                    .addKeyValue("pod", config.pod())
                    .addKeyValue("host", config.host())
                    .addKeyValue("port", port)
                    .addKeyValue("shared_port", config.sharedPort())
                    .log("gateway serves");
            return new Gateway(
                    config, vertx, loop, door, backplane, subscription, meters, hub, port);
        } catch (RuntimeException | InterruptedException e) {
            backplane.close();
            throw e;
        }
    }

    /// According to the process's own check, unless Redis does not answer this pod's sign of life.
    private static RedisState redis(Backplane backplane, Reaper reaper) {
        RedisState state = backplane.redisState();
        return state == RedisState.WELL && !reaper.isAnswered() ? RedisState.UNAVAILABLE : state;
    }

    private static Vertx openVertx() {
        VertxOptions options =
                new VertxOptions()
                        .setEventLoopPoolSize(1)
                        .setPreferNativeTransport(true)
                        // Nothing here blocks, and nothing is served from files.
                        .setWorkerPoolSize(1)
                        .setInternalBlockingPoolSize(1)
                        .setFileSystemOptions(
                                new FileSystemOptions()
                                        .setFileCachingEnabled(false)
                                        .setClassPathResolvingEnabled(false));
        Vertx vertx = Vertx.vertx(options);
        vertx.exceptionHandler(
                failure -> LOG.atError().setCause(failure).log("a task of the event loop failed"));
        return vertx;
    }

    private static int listen(FrontDoor door, String host, int port, boolean shared)
            throws InterruptedException {
        try {
            return await(door.listen(host, port, shared).toCompletionStage());
        } catch (IllegalStateException e) {
            throw new IllegalStateException(
                    "cannot listen on port %d of %s: %s".formatted(port, host, rootMessage(e)), e);
        }
    }

    private static RingListener ringListener(Hub hub, PlainAnswers plain) {
        return new RingListener() {
            @Override
            public void rang(List<Ring> rings) {
                hub.rang(rings);
            }

            @Override
            public void plain(Chunk chunk) {
                plain.heard(chunk);
            }

            @Override
            public void erased(SessionId session) {
                hub.erased(session);
            }

            @Override
            public void changed(UserId user, SessionId session) {
                hub.changed(user, session);
            }

            @Override
            public void reconnected() {
                hub.ringsWereLost();
            }
        };
    }

    /// The port of its own; the one that was found, when the configuration asked for a free port.
    public int port() {
        return port;
    }

    /// Stops in good order: reports not ready, accepts no new clients, answers the requests in progress, ends the
    /// streams one after another, removes the connections from the registry, closes everything. Takes less than ten
    /// seconds whatever is unavailable. A second call does nothing.
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        // From here on no new connection is accepted. Requests in progress have as long as the
        // streams take.
        Future<Void> closed = door.close(STEP_WITHIN);
        // Later, because a connection that arrives on a shared port meanwhile would be refused
        // although another gateway serves it.
        loop.execute(door::stopServing);
        settle(new Drain(vertx, loop, hub).begin());
        settle(loop.call(hub::close).thenCompose(done -> done));
        subscription.close();
        meters.close();
        settle(closed.toCompletionStage());
        backplane.close();
        settle(vertx.close().toCompletionStage());
        LOG.atInfo().addKeyValue("pod", config.pod()).log("gateway stopped");
    }

    private static <T> T await(CompletionStage<T> stage) throws InterruptedException {
        try {
            return stage.toCompletableFuture().get(START_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Unavailable unavailable) {
                throw unavailable;
            }
            throw new IllegalStateException(rootMessage(e), e);
        } catch (TimeoutException e) {
            throw new Unavailable(
                    "the start took longer than " + START_WITHIN.toSeconds() + " s", e);
        }
    }

    /// Waits for a step of closing, but not for long and whatever its result: the next step must follow.
    private static void settle(CompletionStage<?> step) {
        try {
            var _ = step.toCompletableFuture().get(STEP_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.atWarn().setCause(e).log("a shutdown step failed");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }
}
