package dev.antiphon.backplane.tools;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/// Keeps side effects at most once: an intent is recorded before a tool is called, the outcome after it. Both calls may
/// be repeated. They fail with {@link dev.antiphon.backplane.Unavailable} when the store is away.
public interface ToolJournal {

    /// Calls of one message; a run that wants more goes in circles.
    int MAX_CALLS = 256;

    /// How long a message's calls are known after the last of them: longer than any run is tried, or parked.
    Duration KEEP = Duration.ofDays(2);

    /// Asks whether a tool may be called, and records that it will be. What is recorded is on as many replicas of the store as
    /// the operator asks for, before the stage completes.
    ///
    /// @param again whether it may be called though an earlier attempt may have: the tool is idempotent
    CompletionStage<ToolBegin> begin(ToolIntent intent, boolean again);

    /// Records what came of a call that {@link #begin} allowed.
    ///
    /// @return false when another attempt owns the run, or the call, and nothing was recorded
    CompletionStage<Boolean> end(ToolIntent intent, byte[] outcome);
}
