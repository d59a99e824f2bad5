package dev.antiphon.bench.system;

import java.nio.file.Path;

/// A system that can be started and measured.
public interface Contender {

    /// Its name in options and results, such as `antiphon`.
    String name();

    /// What it is, for a person: one line.
    String title();

    /// Starts it and returns when it serves.
    ///
    /// @param folder for its data and logs; does not exist yet
    /// @throws Absent when a program or package is missing
    RunningSystem start(Setup setup, Path folder) throws Absent, InterruptedException;
}
