package dev.antiphon.backplane.history;

import dev.antiphon.protocol.SessionId;

import java.util.concurrent.CompletionStage;

/// The conversations. Filled from the log and nothing else, so that what is stored is what was seen, also after a reset,
/// a cancel or a failure.
///
/// No call blocks; all may be repeated; stages fail with {@link dev.antiphon.backplane.Unavailable}.
/// An interface because the simulation has a model of it.
public interface History extends HistoryReader {

    /// Brings the session's history up to its last ended message. Does nothing when it is.
    CompletionStage<Void> settle(SessionId session);
}
