package dev.antiphon.backplane.registry;

import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.concurrent.CompletionStage;

/// Which connections one pod holds, as workers see it (PROTOCOL.md §2). Bound to its pod when it is made.
///
/// No call blocks; stages complete on a thread of the client and fail with
/// {@link dev.antiphon.backplane.Unavailable} when Redis does not answer in time.
/// An interface because the simulation drives the gateway over a model of it.
public interface ConnectionRegistry {

    /// Claims the session for the user if it has no owner yet, registers the connection, and tells where the log ends.
    ///
    /// @param register false beyond the pod's 16th connection of the session: the pod is registered
    ///     already, and the worker only asks for pods
    CompletionStage<Attach> attach(
            SessionId session, UserId user, ConnectionId connection, boolean register);

    /// Removes a connection. Removing one that is not there is fine.
    CompletionStage<Void> detach(SessionId session, ConnectionId connection);

    /// Adds a registered connection again: what a lost or restarted Redis forgot is there again, and an expiry that a plain
    /// pod has set on the session's connections is gone.
    CompletionStage<Void> refresh(SessionId session, ConnectionId connection);

    /// Forgets that answers ended unseen, once a reader has been sent them. One that has ended unseen since is kept.
    ///
    /// @param unseen as {@link Attach.Attached#unseen} told
    CompletionStage<Void> seen(SessionId session, long unseen);

    /// Removes what an earlier process with this pod's id left behind. Called before the first connection, and
    /// when so many departures were lost that beginning anew is the way; then all are registered again.
    CompletionStage<Void> purge();
}
