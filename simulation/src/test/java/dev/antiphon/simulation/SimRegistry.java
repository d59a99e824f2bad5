package dev.antiphon.simulation;

import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.ConnectionRegistry;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.concurrent.CompletionStage;

/// One pod's registry over its link.
class SimRegistry implements ConnectionRegistry {

    private final SimLog log;
    private final Link link;
    private final ModelRedis redis;
    private final PodId pod;
    private final Chronicle chronicle;

    SimRegistry(Link link, ModelRedis redis, PodId pod, Chronicle chronicle, SimLog log) {
        this.log = log;
        this.link = link;
        this.redis = redis;
        this.pod = pod;
        this.chronicle = chronicle;
    }

    private Member member(ConnectionId connection) {
        return new Member(pod, connection);
    }

    private CompletionStage<Void> told(Runnable command) {
        return link.call(
                        () -> {
                            command.run();
                            return true;
                        })
                .thenAccept(_ -> {});
    }

    @Override
    public CompletionStage<Attach> attach(
            SessionId session, UserId user, ConnectionId connection, boolean register) {
        return link.call(() -> {
            log.enter(session);
            Attach attach = redis.attach(session, user, member(connection), register);
            if (attach instanceof Attach.Attached attached) {
                chronicle.attached(connection, attached.start());
            }
            return attach;
        });
    }

    @Override
    public CompletionStage<Void> detach(SessionId session, ConnectionId connection) {
        return told(() -> redis.detach(session, member(connection)));
    }

    @Override
    public CompletionStage<Void> refresh(SessionId session, ConnectionId connection) {
        return told(() -> redis.refresh(session, member(connection)));
    }

    @Override
    public CompletionStage<Void> seen(SessionId session, long unseen) {
        return told(() -> redis.seen(session, unseen));
    }

    @Override
    public CompletionStage<Void> purge() {
        return told(() -> redis.purge(pod));
    }
}
