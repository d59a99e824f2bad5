package dev.antiphon.cli;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/// One process that `up` runs. All methods can be called from any thread.
sealed interface Child permits ServerChild, JavaChild {
    /// Unique within one `up`, for example `worker-2`.
    String name();

    /// Starts the process and returns when it serves. After the process has ended it can be started again: on the same
    /// port, with the same data.
    ///
    /// @return one line about the process for the user
    /// @throws StartException or another exception whose message is one line that says what to do
    String start();

    /// The latest process.
    long pid();

    /// The log file of the process.
    Path log();

    /// Completes with the exit code when the latest process ends.
    CompletableFuture<Integer> onExit();

    /// Stops the process permanently and cleanly, and returns when it has ended; also during a start.
    void stop();
}
