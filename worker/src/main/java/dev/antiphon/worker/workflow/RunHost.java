package dev.antiphon.worker.workflow;

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

    /// A virtual thread for a step that runs beside others, not started.
    Thread thread(String step, Runnable work);
}
