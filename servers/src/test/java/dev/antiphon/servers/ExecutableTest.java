package dev.antiphon.servers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;

final class ExecutableTest {
    @TempDir Path first;

    @TempDir Path second;

    @Test
    void pathGoesBeforeTheUsualPlaces() throws Exception {
        Path onPath = program(first);
        Path inUsualPlace = program(second);

        assertThat(Executable.find("program", "" + first, "" + second)).hasValue(onPath);
        assertThat(Executable.find("program", "/nowhere", "" + second)).hasValue(inUsualPlace);
    }

    @Test
    void skipsWhatCannotBeExecuted() throws Exception {
        Files.createFile(first.resolve("program"));
        Path executable = program(second);

        assertThat(Executable.find("program", first + File.pathSeparator + second, ""))
                .hasValue(executable);
    }

    @Test
    void findsNothingInEmptyLists() {
        assertThat(Executable.find("program", "", "")).isEmpty();
    }

    private static Path program(Path folder) throws Exception {
        Path file = Files.createFile(folder.resolve("program"));
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }
}
