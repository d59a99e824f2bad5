package dev.antiphon.api.model;

import java.time.Duration;

/// The sink of a run, for providers that retry the calls of another provider.
public interface RetrySink extends TokenSink {

    /// Reports that the call failed before its first piece and is retried. Threads and blocking as in {@link #content}.
    ///
    /// @param why one sentence for the user
    /// @param wait time until the retry
    /// @throws InterruptedException as in {@link #content}
    void retrying(String why, Duration wait) throws InterruptedException;
}
