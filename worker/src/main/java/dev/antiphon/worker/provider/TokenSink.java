package dev.antiphon.worker.provider;

/// Takes what a model streams, in order. Used by the run's one thread.
public interface TokenSink {

    /// Takes a piece of the answer's text. Blocks while too much is waiting to be written to the log.
    ///
    /// @throws InterruptedException when the run was cancelled or lost to another worker: stop
    void content(String text) throws InterruptedException;

    /// Takes a piece of the model's reasoning; as {@link #content}.
    void reasoning(String text) throws InterruptedException;
}
