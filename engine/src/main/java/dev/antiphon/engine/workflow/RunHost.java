package dev.antiphon.engine.workflow;

import dev.antiphon.api.workflow.StepRun;

/// What a workflow needs from the run that executes it.
public interface RunHost {

    /// What one execution of a step can do.
    ///
    /// @param key the same whenever this execution is repeated after a crash, different from all others of the message
    /// @param parallel whether other steps run at the same time
    StepRun step(String key, boolean parallel);

    /// Stores a finished step. Blocks until it is stored, together with all its text.
    ///
    /// @throws InterruptedException when the run was cancelled or lost
    void finished(Checkpoint checkpoint) throws InterruptedException;

    /// Stores a step that has finished while others run in parallel, as far as there is room. Its text is withdrawn
    /// when one of the others starts again, so the next attempt replays it. Blocks until it is stored.
    ///
    /// @throws InterruptedException as {@link #finished}
    void finishedParallel(Checkpoint checkpoint) throws InterruptedException;

    /// The text of a step, including the text of its models.
    ///
    /// @param key as given to {@link #step}
    /// @throws InterruptedException as {@link #finished}
    String said(String key) throws InterruptedException;

    /// A virtual thread for a step that runs in parallel, not started.
    Thread thread(String step, Runnable work);
}
