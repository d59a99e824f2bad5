package dev.antiphon.engine.workflow;

import dev.antiphon.api.workflow.StepRun;

/// What a workflow needs of the run that executes it.
public interface RunHost {

    /// What one execution of a step may do.
    ///
    /// @param key the same whenever this execution is repeated after a crash, unlike all others of the message
    /// @param beside whether other steps run at the same time
    StepRun step(String key, boolean beside);

    /// Keeps a finished step. Blocks until it is kept, and everything that the step has said with it.
    ///
    /// @throws InterruptedException when the run was cancelled or lost
    void finished(Checkpoint checkpoint) throws InterruptedException;

    /// Keeps a step that has finished while others run beside it, as far as there is room: what it has said is withdrawn when
    /// one of them begins anew, so the next attempt says it again. Blocks until it is kept.
    ///
    /// @throws InterruptedException as {@link #finished}
    void finishedBeside(Checkpoint checkpoint) throws InterruptedException;

    /// What a step has said, text of its models included.
    ///
    /// @param key as given to {@link #step}
    /// @throws InterruptedException as {@link #finished}
    String said(String key) throws InterruptedException;

    /// A virtual thread for a step that runs beside others, not started.
    Thread thread(String step, Runnable work);
}
