package dev.antiphon.backplane.tools;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// Keeps side effects at most once: the intent is recorded before a tool is called, the outcome after it. Both methods
/// can be repeated. They fail with {@link dev.antiphon.backplane.Unavailable} when the store is unavailable.
public interface ToolJournal {

    /// Calls of one message; a run that needs more is in a loop.
    int MAX_CALLS = 256;

    /// How long a message's calls are remembered after the last of them: longer than any run is retried, or parked.
    Duration KEEP = Duration.ofDays(2);

    /// Asks whether a tool may be called, and records that it will be. Before the stage completes, the record is on as
    /// many replicas of the store as the operator requires.
    ///
    /// @param again whether the tool may be called although an earlier attempt might have called it, because it
    ///     is idempotent
    CompletionStage<ToolBegin> begin(ToolIntent intent, boolean again);

    /// Records the outcome of a call that {@link #begin} allowed.
    ///
    /// @return false when another attempt owns the run, or the call, and nothing was recorded
    CompletionStage<Boolean> end(ToolIntent intent, byte[] outcome);
}
