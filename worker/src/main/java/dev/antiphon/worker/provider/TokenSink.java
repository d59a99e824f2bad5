package dev.antiphon.worker.provider;

import java.time.Duration;

/// Takes what a model streams, in order. Used by the run's one thread.
public interface TokenSink {

    /// Takes a piece of the answer's text. Blocks while too much is waiting to be written to the log.
    ///
    /// @throws InterruptedException when the run was cancelled or lost to another worker: stop
    void content(String text) throws InterruptedException;

    /// Takes a piece of the model's reasoning; as {@link #content}.
    void reasoning(String text) throws InterruptedException;

    /// Says that the call failed before its first piece and is repeated; as {@link #content}.
    ///
    /// @param why one sentence for the user
    /// @param wait until the call is repeated
    void retrying(String why, Duration wait) throws InterruptedException;
}
