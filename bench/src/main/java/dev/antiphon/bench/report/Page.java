package dev.antiphon.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Writes the results into a page in Markdown: between two marks, so that the text around them stays. The charts go
/// into a folder next to the page, which has the page's name.
public final class Page {

    private static final String BEGIN = "<!-- results: written by `./antiphon bench --page` -->\n";
    private static final String END = "<!-- end of results -->\n";
    private static final String OURS = "antiphon";

    /// A ratio within this of 1 is no difference.
    private static final double NOISE = 0.05;

    private final Results results;

    public Page(Results results) {
        this.results = results;
    }

    /// Replaces the results on a page and its charts.
    ///
    /// @throws IOException when the page does not have the marks, or cannot be written
    public void write(Path page) throws IOException {
        String text = Files.readString(page);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IOException(
                    page
                            + " has no place for results: the lines "
                            + BEGIN.strip()
                            + " and "
                            + END.strip());
        }
        String folder = String.valueOf(page.getFileName()).replaceAll("\\.md$", "");
        Path charts = page.resolveSibling(folder);
        Files.createDirectories(charts);
        for (RowResult row : results.rows()) {
            Files.writeString(charts.resolve(row.id() + ".svg"), new Chart(row).svg());
        }
        Files.writeString(
                page,
                text.substring(0, begin)
                        + BEGIN
                        + "\n"
                        + markdown(folder)
                        + "\n"
                        + text.substring(end));
    }

    /// The generated part.
    ///
    /// @param charts the folder of the charts, as links name it
    String markdown(String charts) {
        StringBuilder text = new StringBuilder();
        text.append(
                """
                * Command: `%s`
                * Commit: `%s`
                * Begun: %s; it took %d minutes
                * Machine: %s; other processes used at most %s cores during a measurement

                Medians with minimum and maximum. A ratio is the median of Antiphon's value by the peer's in the same round.

                """
                        .formatted(
                                results.command(),
                                results.commit(),
                                results.begun(),
                                results.minutes(),
                                results.machine(),
                                Spread.number(results.mostElsewhere())));
        results.systems()
                .forEach((name, title) ->
                        text.append("* *").append(name).append("*: ").append(title).append(".\n"));
        text.append('\n').append(new Table(results).markdown()).append('\n');
        list(text, "Where a peer is better", better());
        list(text, "Missing", missing());
        list(text, "Faults", faults());
        for (RowResult row : results.rows()) {
            text.append("![%s](%s/%s.svg)\n\n".formatted(row.title(), charts, row.id()));
        }
        return text.toString().strip() + "\n";
    }

    private static void list(StringBuilder text, String title, List<String> lines) {
        if (!lines.isEmpty()) {
            text.append("**").append(title).append(".**\n\n");
            lines.forEach(line -> text.append("* ").append(line).append('\n'));
            text.append('\n');
        }
    }

    private List<String> better() {
        List<String> lines = new ArrayList<>();
        for (RowResult row : results.rows()) {
            for (Measure measure : row.measures()) {
                for (String peer : row.systems()) {
                    Spread ratio = row.ratios(OURS, peer, measure);
                    if (!ratio.isEmpty() && isWorse(ratio.median(), measure)) {
                        lines.add(
                                "%s, %s: *%s* has %s, Antiphon %s %s"
                                        .formatted(
                                                row.id(),
                                                measure.title(),
                                                peer,
                                                row.values(peer, measure).text(),
                                                row.values(OURS, measure).text(),
                                                measure.unit())
                                        .strip());
                    }
                }
            }
        }
        return lines;
    }

    private static boolean isWorse(double ratio, Measure measure) {
        return measure.lowerIsBetter() ? ratio > 1 + NOISE : ratio < 1 - NOISE;
    }

    private List<String> missing() {
        List<String> lines = new ArrayList<>();
        for (RowResult row : results.rows()) {
            for (Map.Entry<String, String> each : row.absent().entrySet()) {
                lines.add("%s, *%s*: %s".formatted(row.id(), each.getKey(), each.getValue()));
            }
        }
        return lines;
    }

    private List<String> faults() {
        List<String> lines = new ArrayList<>();
        results.rows()
                .forEach(row -> row.faults().forEach(fault -> lines.add(row.id() + ", " + fault)));
        return lines;
    }
}
