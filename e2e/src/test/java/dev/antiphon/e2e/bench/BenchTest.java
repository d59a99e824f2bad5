package dev.antiphon.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.antiphon.bench.Bench;
import dev.antiphon.bench.Progress;
import dev.antiphon.bench.Rows;
import dev.antiphon.bench.report.Chart;
import dev.antiphon.bench.report.Measure;
import dev.antiphon.bench.report.Results;
import dev.antiphon.bench.report.RowResult;
import dev.antiphon.bench.report.Table;
import dev.antiphon.bench.row.BurstRow;
import dev.antiphon.bench.row.CapacityRow;
import dev.antiphon.bench.row.FanOutRow;
import dev.antiphon.bench.row.FirstChunkRow;
import dev.antiphon.bench.row.IdleRow;
import dev.antiphon.bench.row.LoadRow.Setting;
import dev.antiphon.bench.row.LongSessionRow;
import dev.antiphon.bench.row.PacedRow;
import dev.antiphon.bench.row.ProviderRow;
import dev.antiphon.bench.row.RedisMemoryRow;
import dev.antiphon.bench.row.RestartRow;
import dev.antiphon.bench.row.Row;
import dev.antiphon.bench.row.StormRow;
import dev.antiphon.bench.row.Times;
import dev.antiphon.bench.system.AntiphonUp;
import dev.antiphon.bench.system.Contender;
import dev.antiphon.bench.system.Peers;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

/// Every kind of row, tiny, at a real system and at the peer that has the same topology. The numbers mean nothing.
@Timeout(600)
final class BenchTest {
    private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
    private static final Path JAR = HOME.resolve("cli/target/antiphon.jar");

    private static final Times TINY =
            new Times(
                    1,
                    Duration.ofMillis(500),
                    Duration.ofMillis(100),
                    Duration.ofMillis(700),
                    Duration.ofMillis(100),
                    Duration.ofMillis(500));

    private static final int TOKENS = 20;

    @TempDir Path folder;

    private static List<Row> rows() {
        Set<String> node = Set.of("node");
        return List.of(
                new FirstChunkRow(Set.of()),
                new BurstRow(4, node),
                new FanOutRow(5, Setting.BURST, Set.of()),
                new LongSessionRow(2),
                new StormRow(50, 30),
                new RedisMemoryRow(Set.of()),
                new IdleRow(20, Set.of()),
                new PacedRow(4, Set.of()),
                new CapacityRow(2, 2, Set.of()),
                new ProviderRow(2, node),
                new RestartRow());
    }

    @Test
    void everyRowMeasuresARealSystemAndFindsNoFault() throws Exception {
        List<Contender> peers =
                new Peers(HOME).all().stream().filter(peer -> peer.name().equals("node")).toList();
        var options =
                new Bench.Options(
                        new AntiphonUp(BenchTest::command, 1), peers, rows(), TINY, TOKENS, folder);

        Results results =
                Bench.run(
                        options,
                        new Bench.Origin("bench", "commit", "machine"),
                        new Progress(System.out, false));

        String table = new Table(results).text();
        System.out.print(table);
        assertThat(results.rows())
                .allSatisfy(row -> {
                    assertThat(row.faults()).as(row.id()).isEmpty();
                    for (Measure measure : row.measures()) {
                        assertThat(row.values("antiphon", measure).isEmpty())
                                .as(row.id() + " " + measure.id() + "\n" + table)
                                .isFalse();
                    }
                    assertWellFormed(new Chart(row).svg());
                });
        Path file = folder.resolve("results.json");
        results.write(file);
        assertThat(Results.read(file)).isEqualTo(results);
        List<String> absent =
                results.rows().stream().flatMap(row -> row.absent().values().stream()).toList();
        assertThat(absent).allMatch(why -> why.startsWith("npm could not install "));
        assumeThat(absent).as("without a network, the peer has no packages").isEmpty();
        assertThat(ratio(results, "burst-4")).isPositive();
        assertThat(ratio(results, "provider-2")).isPositive();
    }

    private static double ratio(Results results, String id) {
        RowResult row =
                results.rows().stream()
                        .filter(each -> each.id().equals(id))
                        .findFirst()
                        .orElseThrow();
        return row.ratios("antiphon", "node", row.measures().getFirst()).median();
    }

    private static void assertWellFormed(String svg) {
        try {
            var _ =
                    DocumentBuilderFactory.newInstance()
                            .newDocumentBuilder()
                            .parse(new InputSource(new StringReader(svg)));
        } catch (IOException | SAXException | ParserConfigurationException e) {
            throw new AssertionError(svg, e);
        }
    }

    @Test
    void theTableHasEveryKindOfRowUnderItsOwnName() {
        assertThat(kinds(Rows.all())).isEqualTo(kinds(rows()));
        assertThat(Rows.all()).extracting(Row::id).doesNotHaveDuplicates();
    }

    private static Set<String> kinds(List<Row> rows) {
        return rows.stream().map(row -> row.getClass().getName()).collect(Collectors.toSet());
    }

    private static List<String> command(String... arguments) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "@" + JAR.resolveSibling("jvm.options"),
                                "-jar",
                                JAR.toString()));
        command.addAll(List.of(arguments));
        return command;
    }
}
