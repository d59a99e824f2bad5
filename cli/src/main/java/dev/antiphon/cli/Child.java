package dev.antiphon.cli;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/// One process that `up` runs. All methods may be called from any thread.
sealed interface Child permits ServerChild, JavaChild {
    /// Unique within one `up`, for example `worker-2`.
    String name();

    /// Starts the process and returns, once it serves, the line that tells a person about it. After
    /// the process has ended it may be started again: on the same port, with the same data.
    ///
    /// @throws StartException or another exception whose message is one line that says what to do
    String start();

    /// The latest process.
    long pid();

    /// The file that it logs into.
    Path log();

    /// Completes with the exit code when the latest process ends.
    CompletableFuture<Integer> onExit();

    /// Stops it for good, in good order, and returns when it has ended; also in the middle of a start.
    void stop();
}
