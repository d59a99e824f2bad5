package dev.antiphon.bench.row;

import dev.antiphon.bench.report.Sample;
import dev.antiphon.bench.system.AntiphonUp;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A row that starts Antiphon itself, more than once. It has no peers.
public non-sealed interface StartRow extends Row {

    /// Measures all rounds.
    ///
    /// @param folder for data and logs
    List<Sample> measure(AntiphonUp antiphon, Site site, Path folder)
            throws InterruptedException, IOException;
}
