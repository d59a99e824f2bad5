package dev.antiphon.gateway.stream;

import dev.antiphon.backplane.registry.Attach;
import dev.antiphon.backplane.registry.ConnectionRegistry;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/// The registry of one session, in front of its log.
final class ModelRegistry implements ConnectionRegistry {

    final Replies replies = new Replies();
    private final ModelLog log;
    private final Set<ConnectionId> members = new LinkedHashSet<>();
    private final List<Long> seen = new ArrayList<>();
    private @Nullable UserId owner;
    private @Nullable Integer startsAt;
    private OptionalLong unseen = OptionalLong.empty();

    ModelRegistry(ModelLog log) {
        this.log = log;
    }

    Set<ConnectionId> members() {
        return members;
    }

    /// The arguments of {@link #seen}.
    List<Long> seen() {
        return seen;
    }

    /// Readers without a cursor begin after this entry; at the end of the log if null.
    void readersStartAt(@Nullable Integer number) {
        startsAt = number;
    }

    void endedUnseen(long number) {
        unseen = OptionalLong.of(number);
    }

    /// Redis restarts without the members.
    void forget() {
        members.clear();
    }

    void ownedBy(UserId user) {
        owner = user;
    }

    @Override
    public CompletionStage<Attach> attach(
            SessionId session, UserId user, ConnectionId connection, boolean register) {
        if (owner != null && !owner.equals(user)) {
            return replies.of(new Attach.Foreign());
        }
        if (!replies.isAway()) {
            owner = user;
            log.begin();
            if (register) {
                members.add(connection);
            }
        }
        return replies.isAway()
                ? replies.of(new Attach.Foreign())
                : replies.of(
                        new Attach.Attached(
                                log.end(),
                                startsAt == null ? log.end() : log.idOf(startsAt),
                                unseen));
    }

    @Override
    public CompletionStage<Void> detach(SessionId session, ConnectionId connection) {
        if (!replies.isAway()) {
            members.remove(connection);
        }
        return done();
    }

    @Override
    public CompletionStage<Void> refresh(SessionId session, ConnectionId connection) {
        if (!replies.isAway()) {
            members.add(connection);
        }
        return done();
    }

    @Override
    public CompletionStage<Void> seen(SessionId session, long which) {
        if (!replies.isAway()) {
            seen.add(which);
            unseen = OptionalLong.empty();
        }
        return done();
    }

    @Override
    public CompletionStage<Void> purge() {
        members.clear();
        return done();
    }

    @SuppressWarnings("NullAway") // a stage of Void has no other value
    private CompletionStage<Void> done() {
        return replies.of(null);
    }
}
