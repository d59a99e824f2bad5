package dev.antiphon.cli;

import dev.antiphon.chaos.Chaos;
import dev.antiphon.chaos.ChaosResult;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;

/// `antiphon chaos`: injects faults into its own system and checks what its readers saw.
@Command(
        name = "chaos",
        header = "Kill, pause and cut off processes while they answer, and check every token.",
        description = {
            "Starts its own servers, three workers and two gateways, injects faults while answers"
                    + " stream, and checks that readers got every token once and in order."
        },
        mixinStandardHelpOptions = true)
final class ChaosCommand implements Callable<Integer> {
    @Option(
            names = "--answers",
            paramLabel = "N",
            defaultValue = "300",
            description = "How many messages to send. Default: ${DEFAULT-VALUE}.")
    private int answers;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description =
                    "The seed of the random numbers; the same seed repeats a run. Default: a new one.")
    private @Nullable Long seed;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "The file for a report in Markdown.")
    private @Nullable Path report;

    @Option(
            names = "--folder",
            paramLabel = "DIR",
            description =
                    "A folder for history, data and logs. Default: a temporary one, kept after a failure.")
    private @Nullable Path folder;

    @Override
    public Integer call() throws IOException, InterruptedException {
        long chosen = seed == null ? System.currentTimeMillis() % 1_000_000 : seed;
        Path where =
                folder == null
                        ? Files.createTempDirectory("antiphon-chaos-" + chosen + "-")
                        : folder;
        var options = new Chaos.Options(answers, chosen, where.toAbsolutePath());
        ChaosResult result =
                Chaos.run(options, arguments -> Program.command(List.of(), arguments), System.err);
        System.out.print(result.text());
        if (report != null) {
            Files.writeString(report, result.markdown(Provenance.commit(), Provenance.machine()));
        }
        if (folder == null && result.isClean()) {
            delete(where);
        }
        return result.isClean() ? 0 : Antiphon.FAILED;
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(ChaosCommand::deleteOne);
        }
    }

    private static void deleteOne(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
