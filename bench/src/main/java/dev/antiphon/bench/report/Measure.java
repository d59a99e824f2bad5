package dev.antiphon.bench.report;

/// Something that a row measures.
///
/// @param id in JSON, such as `cpu`
/// @param title for a person, such as `CPU per answer`
/// @param unit such as `ms`; empty: a number
/// @param lowerIsBetter whether less is better
public record Measure(String id, String title, String unit, boolean lowerIsBetter) {

    public static Measure lower(String id, String title, String unit) {
        return new Measure(id, title, unit, true);
    }

    public static Measure higher(String id, String title, String unit) {
        return new Measure(id, title, unit, false);
    }
}
