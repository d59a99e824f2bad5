package dev.antiphon.bench.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// All rounds of a row.
///
/// @param id such as `burst-64`
/// @param measures the first one has the chart
/// @param rounds the samples of each round by the name of the system, Antiphon first
/// @param absent why a system is not in it, by its name
public record RowResult(
        String id,
        String title,
        List<Measure> measures,
        List<Map<String, Sample>> rounds,
        Map<String, String> absent) {
    public RowResult {
        measures = List.copyOf(measures);
        rounds = List.copyOf(rounds);
        absent = Map.copyOf(absent);
    }

    /// The systems that have samples.
    public Set<String> systems() {
        Set<String> names = new LinkedHashSet<>();
        rounds.forEach(round -> names.addAll(round.keySet()));
        return names;
    }

    /// The values of a measure at a system, from rounds without faults.
    public Spread values(String system, Measure measure) {
        List<Double> values = new ArrayList<>();
        for (Map<String, Sample> round : rounds) {
            value(round, system, measure, values);
        }
        return new Spread(values);
    }

    /// One system's value by that of another in the same round: only values of one round can be compared, because the
    /// machine can change in between.
    public Spread ratios(String system, String to, Measure measure) {
        List<Double> ratios = new ArrayList<>();
        for (Map<String, Sample> round : rounds) {
            List<Double> one = new ArrayList<>();
            List<Double> other = new ArrayList<>();
            value(round, system, measure, one);
            value(round, to, measure, other);
            if (!one.isEmpty() && !other.isEmpty() && other.getFirst() > 0) {
                ratios.add(one.getFirst() / other.getFirst());
            }
        }
        return new Spread(ratios);
    }

    private static void value(
            Map<String, Sample> round, String system, Measure measure, List<Double> to) {
        Sample sample = round.get(system);
        Double value = sample == null ? null : sample.values().get(measure.id());
        if (sample != null && sample.faults().isEmpty() && value != null) {
            to.add(value);
        }
    }

    /// All faults, each with its system and round.
    public List<String> faults() {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < rounds.size(); i++) {
            int number = i + 1;
            Map<String, Sample> round = new HashMap<>(rounds.get(i));
            round.forEach((system, sample) ->
                    sample.faults()
                            .forEach(fault ->
                                    all.add("%s, round %d: %s".formatted(system, number, fault))));
        }
        return all;
    }
}
