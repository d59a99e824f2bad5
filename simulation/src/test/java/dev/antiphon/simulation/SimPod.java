package dev.antiphon.simulation;

import dev.antiphon.backplane.doorbell.Doorbell;
import dev.antiphon.backplane.doorbell.Notices;
import dev.antiphon.backplane.log.Accept;
import dev.antiphon.backplane.log.Finish;
import dev.antiphon.backplane.log.Resume;
import dev.antiphon.backplane.log.SessionLog;
import dev.antiphon.backplane.log.UserAnswer;
import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.gateway.stream.Bundle;
import dev.antiphon.gateway.stream.Cursor;
import dev.antiphon.gateway.stream.Hub;
import dev.antiphon.gateway.stream.Loop;
import dev.antiphon.gateway.stream.Opened;
import dev.antiphon.gateway.stream.StreamCounters;
import dev.antiphon.gateway.stream.Subscriber;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/// One gateway process: the real hub, and the work of its HTTP routes without HTTP.
final class SimPod {

    /// The answer to a POST.
    enum Posted {
        ACCEPTED,
        TRY_AGAIN,
        REFUSED
    }

    private static final String OLD = "conn_";
    private static final String NEW = "batch1_";

    private final World world;
    private final PodId id;
    private final Host host;
    private final Link link;
    private final SessionLog log;
    private final SimLog history;
    private final SimRegistry registry;
    private final SimQueue queue;
    private final Notices notices;
    private final Doorbell doorbell;

    /// Whether it has the present version; the one before takes no batches.
    private final boolean takesBatches;

    private final StreamCounters counters = new StreamCounters();
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final Hub hub;
    private boolean open;

    SimPod(World world, PodId id, String name) {
        this.world = world;
        this.id = id;
        this.host = world.host(name);
        this.link = world.link(host);
        this.takesBatches = !world.kinds().upgrade() || world.dice().nextBoolean();
        SimLog redis = world.log(link);
        SimDoorbell subjects = world.subjects(host);
        this.notices = subjects;
        this.doorbell = world.doorbell(host, subjects);
        this.log = world.log(host, redis, doorbell);
        this.history = redis;
        this.registry = world.registry(link, id, redis);
        this.queue = world.queue(host);
        this.hub =
                new Hub(loop(), log, redis, new NoLists(), registry, this::connectionId, counters);
        world.nats()
                .listen(id, new Nats.Listener(host, hub::rang, takesBatches, hub::ringsWereLost));
        purge();
    }

    /// A loop runs its tasks in order, whatever happens between them.
    private Loop loop() {
        return new Loop() {
            @Override
            public void execute(Runnable task) {
                tasks.add(task);
                host.execute(() -> tasks.remove().run());
            }

            @Override
            public long nanoTime() {
                return host.nanoTime();
            }
        };
    }

    /// During an upgrade some connections are registered as those of a program that uses the same name.
    private ConnectionId connectionId() {
        boolean asOld = !takesBatches || (world.kinds().upgrade() && world.dice().nextBoolean());
        return new ConnectionId((asOld ? OLD : NEW) + world.nextNumber());
    }

    /// Whether this id says that its pod takes batches.
    static boolean takesBatches(ConnectionId connection) {
        return !connection.value().startsWith(OLD);
    }

    private void purge() {
        var _ =
                registry.purge()
                        .whenComplete((_, failure) -> {
                            if (failure == null) {
                                open = true;
                                tick();
                            } else {
                                host.after(250_000_000, this::purge);
                            }
                        });
    }

    private void tick() {
        host.after(
                Hub.TICK.toNanos(),
                () -> {
                    hub.tick();
                    tick();
                });
    }

    PodId id() {
        return id;
    }

    Host host() {
        return host;
    }

    Link link() {
        return link;
    }

    StreamCounters counters() {
        return counters;
    }

    boolean isOpen() {
        return open && host.isRunning();
    }

    /// A browser requests the stream.
    void connect(
            SessionId session,
            UserId user,
            Cursor from,
            Line.Connection connection,
            Runnable foreign) {
        host.run(() -> {
            if (!open) {
                connection.end();
                return;
            }
            Subscriber subscriber =
                    hub.open(
                            session,
                            user,
                            from,
                            answer -> {
                                switch (answer) {
                                    case Opened.Ready(Subscriber ready) -> ready.start(connection);
                                    case Opened.Foreign _ -> {
                                        foreign.run();
                                        connection.end();
                                    }
                                    case Opened.Failed _ -> connection.end();
                                }
                            });
            connection.opened(new Line.Stream(subscriber::leave, subscriber::drained));
        });
    }

    /// A browser requests one stream of several sessions.
    void connect(UserId user, List<Bundle.Wanted> wanted, Line.Connection connection) {
        host.run(() -> {
            if (!open) {
                connection.end();
                return;
            }
            Bundle bundle = Bundle.open(hub, user, wanted, false, connection);
            connection.opened(new Line.Stream(bundle::leave, bundle::drained));
        });
    }

    /// `POST /api/chat`, as PostChat does it.
    void post(WorkflowRequest request, Consumer<Posted> answer) {
        host.run(() -> {
            var _ =
                    log.accept(request)
                            .whenComplete((accept, failure) -> {
                                if (failure != null) {
                                    answer.accept(Posted.TRY_AGAIN);
                                } else {
                                    accepted(request, accept, answer);
                                }
                            });
        });
    }

    private void accepted(WorkflowRequest request, Accept accept, Consumer<Posted> answer) {
        switch (accept) {
            case Accept.Accepted _, Accept.Duplicate _ -> publish(request, answer);
            case Accept.Full() -> answer.accept(Posted.TRY_AGAIN);
            case Accept.Conflict(), Accept.Foreign() -> answer.accept(Posted.REFUSED);
        }
    }

    private void publish(WorkflowRequest request, Consumer<Posted> answer) {
        CompletionStage<@Nullable Void> published = queue.publish(request);
        var _ = published.whenComplete((_, _) -> answer.accept(Posted.ACCEPTED));
    }

    /// `POST /api/messages/{id}/cancel`.
    void cancel(WorkflowRequest request, Consumer<Boolean> answer) {
        Chunk last =
                new Chunk(
                        request.sessionId(),
                        request.messageId(),
                        0,
                        new ChunkBody.Content(""),
                        new Completion("", null, Completion.FinishReason.CANCELLED),
                        host.instant(),
                        request.correlationId());
        host.run(() -> {
            var _ =
                    log.finish(Optional.of(request.userId()), last)
                            .whenComplete((finish, failure) -> {
                                if (failure != null) {
                                    answer.accept(false);
                                    return;
                                }
                                if (finish instanceof Finish.Finished) {
                                    world.chronicle().count(Chronicle.Count.CANCEL);
                                    notices.cancelled(request.sessionId(), request.messageId());
                                }
                                answer.accept(true);
                            });
        });
    }

    /// `POST /api/messages/{id}/resume`, as PostResume does it.
    void resume(WorkflowRequest asked, String answer) {
        host.run(() -> {
            var _ =
                    log.request(asked.sessionId(), asked.messageId())
                            .thenAccept(found ->
                                    found.ifPresent(request -> resumeKnown(request, answer)));
        });
    }

    private void resumeKnown(WorkflowRequest request, String answer) {
        Chunk resumed =
                new Chunk(
                        request.sessionId(),
                        request.messageId(),
                        0,
                        new ChunkBody.Status("resumed", Json.object().put("answer", answer)),
                        null,
                        host.instant(),
                        request.correlationId());
        var _ =
                log.resume(request.userId(), resumed, new UserAnswer(answer, null))
                        .thenAccept(resume -> {
                            if (resume instanceof Resume.Resumed now) {
                                var _ = queue.publishAgain(request, now.occasion());
                            }
                        });
    }

    /// Another user tries to read a session and to write into it.
    void stranger(SessionId session) {
        UserId user = new UserId("stranger");
        WorkflowRequest request =
                new WorkflowRequest(
                        new MessageId("intrusion"),
                        session,
                        user,
                        "let me in",
                        RequestContext.empty(),
                        null,
                        host.instant(),
                        "corr");
        host.run(() -> {
            world.chronicle().count(Chronicle.Count.STRANGER);
            ConnectionId connection = connectionId();
            var _ =
                    registry.attach(session, user, connection, false)
                            .thenAccept(told -> mayNot(session, told instanceof Attach.Foreign));
            var _ =
                    history.newest(session, user)
                            .thenAccept(told -> mayNot(session, told.isEmpty()));
            var _ =
                    log.accept(request)
                            .thenAccept(told -> mayNot(session, told instanceof Accept.Foreign));
        });
    }

    private void mayNot(SessionId session, boolean refused) {
        if (!refused) {
            world.chronicle().violated("I10", "a user without access got into " + session);
        }
    }

    /// SIGTERM: ends all streams and stops.
    void stop(Runnable stopped) {
        host.run(() -> {
            open = false;
            var _ =
                    hub.close()
                            .whenComplete((_, _) -> {
                                doorbell.close();
                                link.abandon(true);
                                host.kill();
                                stopped.run();
                            });
        });
    }
}
