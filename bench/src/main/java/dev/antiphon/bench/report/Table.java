package dev.antiphon.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The table of all results: one line per measure, one column per system, and the ratio of Antiphon's value to each
/// peer's.
public final class Table {

    private static final String OURS = "antiphon";

    private final List<String> head = new ArrayList<>();
    private final List<List<String>> lines = new ArrayList<>();

    public Table(Results results) {
        Set<String> systems = new LinkedHashSet<>(Set.of(OURS));
        results.rows().forEach(row -> systems.addAll(row.systems()));
        List<String> peers = systems.stream().filter(name -> !name.equals(OURS)).toList();
        head.addAll(List.of("row", "measure", "unit", OURS));
        for (String peer : peers) {
            head.add(peer);
            head.add("ratio");
        }
        for (RowResult row : results.rows()) {
            for (Measure measure : row.measures()) {
                lines.add(line(row, measure, peers));
            }
        }
    }

    private static List<String> line(RowResult row, Measure measure, List<String> peers) {
        List<String> line = new ArrayList<>();
        line.add(row.id());
        line.add(measure.title());
        line.add(measure.unit());
        line.add(row.values(OURS, measure).text());
        for (String peer : peers) {
            line.add(row.values(peer, measure).text());
            Spread ratio = row.ratios(OURS, peer, measure);
            line.add(ratio.isEmpty() ? "–" : Spread.number(ratio.median()));
        }
        return line;
    }

    /// With aligned columns, for a terminal.
    public String text() {
        int[] widths = new int[head.size()];
        all().forEach(line -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        });
        StringBuilder text = new StringBuilder();
        for (List<String> line : all()) {
            StringBuilder padded = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                padded.append(line.get(i)).repeat(' ', widths[i] - line.get(i).length() + 2);
            }
            text.append(padded.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    /// In Markdown.
    public String markdown() {
        StringBuilder text = new StringBuilder();
        text.append("| ").append(String.join(" | ", head)).append(" |\n");
        text.append("|---|---|---|").repeat("---|", head.size() - 3).append('\n');
        lines.forEach(line -> text.append("| ").append(String.join(" | ", line)).append(" |\n"));
        return text.toString();
    }

    private List<List<String>> all() {
        List<List<String>> all = new ArrayList<>();
        all.add(head);
        all.addAll(lines);
        return all;
    }
}
