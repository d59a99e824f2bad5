package dev.antiphon.bench.report;

import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// All that a run of the benchmark measured.
///
/// @param command as typed
/// @param commit of the sources
/// @param machine cores, processor, system and JDK
/// @param begun UTC
/// @param minutes how long it took
/// @param systems what each system is, by its name
public record Results(
        String command,
        String commit,
        String machine,
        String begun,
        long minutes,
        Map<String, String> systems,
        List<RowResult> rows) {

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    public Results {
        systems = new LinkedHashMap<>(systems);
        rows = List.copyOf(rows);
    }

    public static Results read(Path file) throws IOException {
        return JSON.readValue(Files.readString(file), Results.class);
    }

    public void write(Path file) throws IOException {
        Files.writeString(file, JSON.writeValueAsString(this) + "\n");
    }

    /// Whether a reader got something other than its answer.
    public boolean hasFaults() {
        return rows.stream().anyMatch(row -> !row.faults().isEmpty());
    }

    /// The most cores that were busy with something else during a measurement; 0 when that is not known.
    public double mostElsewhere() {
        return rows.stream()
                .flatMap(row -> row.rounds().stream())
                .flatMap(round -> round.values().stream())
                .mapToDouble(sample -> sample.values().getOrDefault(Sample.ELSEWHERE, 0.0))
                .max()
                .orElse(0);
    }
}
