package dev.antiphon.api.model;

import java.time.Duration;

/// The sink of a run, as a provider that repeats the calls of another one sees it.
public interface RetrySink extends TokenSink {

    /// Says that the call failed before its first piece and is repeated; as {@link #content}.
    ///
    /// @param why one sentence for the user
    /// @param wait until the call is repeated
    void retrying(String why, Duration wait) throws InterruptedException;
}
