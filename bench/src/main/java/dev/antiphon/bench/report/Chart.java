package dev.antiphon.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A bar for each system with the median of a row's first measure, and a line from minimum to maximum: an SVG that is
/// readable on a light and on a dark page.
public final class Chart {

    private static final int WIDTH = 720;
    private static final int LABELS = 120;
    private static final int VALUES = 190;
    private static final int BAR = 22;
    private static final int STEP = 34;
    private static final int TOP = 56;
    private static final String OURS = "#2f6fdb";
    private static final String THEIRS = "#8a94a6";
    private static final String INK = "#6b7280";

    private final RowResult row;

    public Chart(RowResult row) {
        this.row = row;
    }

    /// The whole file.
    public String svg() {
        Measure measure = row.measures().getFirst();
        List<String> systems =
                row.systems().stream()
                        .filter(name -> !row.values(name, measure).isEmpty())
                        .toList();
        double most =
                systems.stream()
                        .mapToDouble(name -> row.values(name, measure).most())
                        .max()
                        .orElse(1);
        double scale = (WIDTH - LABELS - VALUES) / (most > 0 ? most : 1);
        List<String> bars = new ArrayList<>();
        for (int i = 0; i < systems.size(); i++) {
            bars.add(
                    bar(
                            systems.get(i),
                            row.values(systems.get(i), measure),
                            scale,
                            TOP + i * STEP));
        }
        String unit = measure.unit().isEmpty() ? "" : measure.unit() + ", ";
        String caption =
                measure.title()
                        + " ("
                        + unit
                        + (measure.lowerIsBetter() ? "less" : "more")
                        + " is better)";
        int height = TOP + systems.size() * STEP + 6;
        return """
        <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" fill="%s">
        <title>%s</title>
        <text x="0" y="18" font-size="15" font-weight="bold">%s</text>
        <text x="0" y="38">%s</text>
        %s</svg>
        """
                .formatted(
                        WIDTH,
                        height,
                        WIDTH,
                        height,
                        INK,
                        escaped(row.title()),
                        escaped(row.title()),
                        escaped(caption),
                        String.join("", bars));
    }

    private static String bar(String system, Spread spread, double scale, int y) {
        double end = LABELS + spread.median() * scale;
        int middle = y + BAR / 2;
        return String.format(
                Locale.ROOT,
                """
                <text x="%d" y="%d" text-anchor="end">%s</text>
                <rect x="%d" y="%d" width="%.1f" height="%d" rx="3" fill="%s"/>
                <path d="M%.1f %dH%.1f" stroke="%s" stroke-width="2"/>
                <text x="%.1f" y="%d">%s</text>
                """,
                LABELS - 10,
                middle + 4,
                escaped(system),
                LABELS,
                y,
                Math.max(1, end - LABELS),
                BAR,
                system.equals("antiphon") ? OURS : THEIRS,
                LABELS + spread.least() * scale,
                middle,
                LABELS + spread.most() * scale,
                INK,
                LABELS + spread.most() * scale + 8,
                middle + 4,
                escaped(spread.text()));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
