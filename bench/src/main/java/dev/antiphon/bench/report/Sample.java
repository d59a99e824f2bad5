package dev.antiphon.bench.report;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What one row measured at one system in one round.
///
/// @param values by the id of a measure, and [#ELSEWHERE]
/// @param parts the first measure by process, where it is a sum over processes
/// @param faults what readers got wrong: empty, or the sample is worth nothing
public record Sample(Map<String, Double> values, Map<String, Double> parts, List<String> faults) {

    /// The value that says how many cores neither the client nor the system used meanwhile: the machine was busy with
    /// something else, and the other values are worth less.
    public static final String ELSEWHERE = "elsewhere";

    public Sample {
        values = new TreeMap<>(values);
        parts = new TreeMap<>(parts);
        faults = List.copyOf(faults);
    }
}
