package dev.antiphon.backplane.registry;

import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.concurrent.CompletionStage;

/// The connections of one pod, as workers see them (PROTOCOL.md §2). Each instance belongs to one pod.
///
/// No call blocks; stages complete on a thread of the client and fail with {@link dev.antiphon.backplane.Unavailable}
/// when Redis does not answer in time. An interface because the simulation drives the gateway over a model of it.
public interface ConnectionRegistry {

    /// Claims the session for the user if it has no owner yet, registers the connection, and returns the end of
    /// the log.
    ///
    /// @param register false beyond the pod's 16th connection of the session: the pod is already registered, and
    ///     workers only need the pods
    CompletionStage<Attach> attach(
            SessionId session, UserId user, ConnectionId connection, boolean register);

    /// Removes a connection. Does nothing when the connection is not registered.
    CompletionStage<Void> detach(SessionId session, ConnectionId connection);

    /// Adds a registered connection again. This restores the registration after Redis has lost it, and removes an
    /// expiry that a plain pod has set on the session's connections.
    CompletionStage<Void> refresh(SessionId session, ConnectionId connection);

    /// Clears the mark of unseen answers, once a reader has received them. The mark of an answer that has ended unseen
    /// since is kept.
    ///
    /// @param unseen the value of {@link Attach.Attached#unseen}
    CompletionStage<Void> seen(SessionId session, long unseen);

    /// Removes everything that an earlier process with this pod's id left. Called before the first connection, and when
    /// many departures were lost; then all connections are registered again.
    CompletionStage<Void> purge();
}
