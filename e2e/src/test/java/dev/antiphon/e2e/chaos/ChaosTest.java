package dev.antiphon.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.chaos.Chaos;
import dev.antiphon.chaos.ChaosResult;
import dev.antiphon.chaos.history.FaultKind;
import dev.antiphon.chaos.history.HistoryLine;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Three hundred answers during every kind of fault. The test does not depend on the speed of the machine; a failed run
/// keeps its history and prints how to repeat it.
final class ChaosTest {
    private static final Path JAR = Path.of("..", "cli", "target", "antiphon.jar").toAbsolutePath();
    private static final int ANSWERS = 300;
    private static final long SEED = 4;
    private static final double LEAST_IN_FLIGHT = 0.8;

    @Test
    void noTokenIsLostDoubledOrReorderedWhateverDies() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("antiphon-chaos-");
        ChaosResult result =
                Chaos.run(new Chaos.Options(ANSWERS, SEED, folder), ChaosTest::command, System.out);
        String text = result.text();
        System.out.print(text);

        assertThat(result.violations()).as(text).isEmpty();
        assertThat(result.differences()).as(text).isEmpty();
        assertThat(result.faults())
                .extracting(HistoryLine.Fault::strike)
                .as(text)
                .contains(FaultKind.values());
        assertThat(result.inFlightShare()).as(text).isGreaterThanOrEqualTo(LEAST_IN_FLIGHT);
        delete(folder);
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

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
