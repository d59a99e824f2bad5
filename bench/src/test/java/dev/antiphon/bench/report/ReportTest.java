package dev.antiphon.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import javax.xml.parsers.DocumentBuilderFactory;

final class ReportTest {

    private static final Measure CPU = Measure.lower("cpu", "CPU per answer", "ms");
    private static final Measure RATE = Measure.higher("rate", "answers a second", "");

    @TempDir Path folder;

    private static Map<String, Sample> round(double ours, double theirs, List<String> faults) {
        Map<String, Sample> round = new LinkedHashMap<>();
        round.put(
                "antiphon",
                new Sample(Map.of("cpu", ours, "rate", 1_200.0), Map.of("worker", 0.5), faults));
        round.put("node", new Sample(Map.of("cpu", theirs, "rate", 1_000.0), Map.of(), List.of()));
        return round;
    }

    private static Results results() {
        RowResult row =
                new RowResult(
                        "burst-64",
                        "Answers, 64 at once & more",
                        List.of(CPU, RATE),
                        List.of(
                                round(1.5, 0.5, List.of()),
                                round(1.2, 0.6, List.of()),
                                round(9, 0.5, List.of("TEXT: another word"))),
                        Map.of("nchan", "nchan is not installed"));
        return new Results(
                "./antiphon bench",
                "abc1234",
                "2 cores",
                "2026-11-29T01:00:00Z",
                7,
                Map.of("antiphon", "this", "node", "that"),
                List.of(row));
    }

    @Test
    void theTableHasMediansSpreadsAndRatiosOfTheSameRoundWithoutFaultySamples() {
        assertThat(new Table(results()).text())
                .isEqualTo(
                        """
                        row       measure           unit  antiphon             node                 ratio
                        burst-64  CPU per answer    ms    1.35 (1.20–1.50)     0.500 (0.500–0.600)  2.50
                        burst-64  answers a second        1,200 (1,200–1,200)  1,000 (1,000–1,000)  1.20
                        """);
        assertThat(results().hasFaults()).isTrue();
    }

    @Test
    void resultsAreTheSameAfterJson() throws IOException {
        Path file = folder.resolve("results.json");
        results().write(file);
        assertThat(Results.read(file)).isEqualTo(results());
    }

    @Test
    void aChartIsAWellFormedPictureWithABarPerSystem() throws Exception {
        String svg = new Chart(results().rows().getFirst()).svg();
        Path file = Files.writeString(folder.resolve("chart.svg"), svg);
        var document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
        assertThat(document.getElementsByTagName("rect").getLength()).isEqualTo(2);
        assertThat(document.getDocumentElement().getTextContent())
                .contains("Answers, 64 at once & more", "1.35 (1.20–1.50)", "less is better");
    }

    @Test
    void aPageKeepsItsTextAndGetsTheResults() throws IOException {
        Path page =
                Files.writeString(
                        folder.resolve("benchmarks.md"),
                        """
                        # Benchmarks

                        How.
                        <!-- results: written by `./antiphon bench --page` -->
                        old
                        <!-- end of results -->
                        Notes.
                        """);
        new Page(results()).write(page);
        new Page(results()).write(page);
        assertThat(Files.readString(page))
                .startsWith("# Benchmarks\n\nHow.\n")
                .endsWith("<!-- end of results -->\nNotes.\n")
                .doesNotContain("old")
                .containsOnlyOnce("| burst-64 | CPU per answer | ms | 1.35 (1.20–1.50) |")
                .contains(
                        "* Command: `./antiphon bench`\n* Commit: `abc1234`",
                        "burst-64, CPU per answer: *node* has 0.500 (0.500–0.600), Antiphon 1.35",
                        "burst-64, *nchan*: nchan is not installed",
                        "burst-64, antiphon, round 3: TEXT: another word",
                        "](benchmarks/burst-64.svg)")
                .doesNotContain("answers a second: *node*");
        assertThat(folder.resolve("benchmarks/burst-64.svg")).exists();
    }

    @Test
    void aPageWithoutAPlaceForResultsIsLeftAlone() throws IOException {
        Path page = Files.writeString(folder.resolve("other.md"), "# Other\n");
        assertThatThrownBy(() -> new Page(results()).write(page))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has no place for results");
    }
}
