package dev.antiphon.bench.row;

import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.RunningSystem;

import java.io.IOException;
import java.util.Set;

/// A row that puts a load on a system that runs.
public non-sealed interface LoadRow extends Row {

    /// How the systems of a row must be set up. Rows with the same setting share the started systems.
    enum Setting {
        /// The demo streams as fast as possible.
        BURST,
        /// The demo streams ten chunks a second.
        PACED,
        /// Answers come from a model server.
        MODEL,
        /// As BURST, on systems that are started for each round and not warmed up: memory that a system has used
        /// before hides what a load needs.
        FRESH
    }

    Setting setting();

    /// The names of the peers that it makes sense for.
    Set<String> peers();

    /// Measures once; blocks for as long as that takes.
    ///
    /// @throws IOException when the load does not even begin; the message says why
    Sample measure(RunningSystem system, Site site) throws InterruptedException, IOException;
}
