package dev.antiphon.bench.row;

import dev.antiphon.bench.report.Measure;

import java.util.List;

/// A row of the table.
public sealed interface Row permits LoadRow, StartRow {

    /// In options and file names, such as `burst-64`.
    String id();

    /// One line for a person.
    String title();

    /// What it measures; the first one has the chart.
    List<Measure> measures();
}
