package dev.antiphon.bench.report;

import java.util.List;
import java.util.Locale;

/// Some values of the same thing: their median, with minimum and maximum.
///
/// @param values in order
public record Spread(List<Double> values) {
    public Spread {
        values = values.stream().sorted().toList();
    }

    public boolean isEmpty() {
        return values.isEmpty();
    }

    public double median() {
        int half = values.size() / 2;
        return values.size() % 2 == 1
                ? values.get(half)
                : (values.get(half - 1) + values.get(half)) / 2;
    }

    public double least() {
        return values.getFirst();
    }

    public double most() {
        return values.getLast();
    }

    /// Such as `1.38 (1.37–1.39)`; a dash without values.
    public String text() {
        if (isEmpty()) {
            return "–";
        }
        return values.size() == 1
                ? number(median())
                : "%s (%s–%s)".formatted(number(median()), number(least()), number(most()));
    }

    /// A number with three significant digits.
    static String number(double value) {
        double size = Math.abs(value);
        String format =
                size >= 100 || size == 0
                        ? "%,.0f"
                        : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f";
        return String.format(Locale.ROOT, format, value);
    }
}
