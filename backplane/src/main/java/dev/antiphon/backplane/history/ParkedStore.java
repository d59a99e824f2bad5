package dev.antiphon.backplane.history;

import dev.antiphon.backplane.log.ParkedRun;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/// Keeps the runs that wait for their users outside Redis. No call blocks; stages fail with {@link
/// dev.antiphon.backplane.Unavailable} when the store does not answer.
///
/// An interface because the simulation drives {@link ParkingSessionLog} over a model of it.
public interface ParkedStore {

    /// Stores the session's run that waits for its user, if it has one.
    CompletionStage<Void> keep(SessionId session);

    /// Removes a run that continues: from now on the stored row is outdated.
    CompletionStage<Void> remove(SessionId session, MessageId message);

    /// A run in the state in which it began to wait. Empty when it does not wait, waits no longer, or the session now
    /// belongs to another user.
    CompletionStage<Optional<ParkedRun>> find(SessionId session, MessageId message);

    /// Restores a run in Redis, if it waits.
    ///
    /// @param user the required owner; empty when the system itself acts
    /// @return whether Redis has the run now
    CompletionStage<Boolean> bringBack(SessionId session, MessageId message, Optional<UserId> user);
}
