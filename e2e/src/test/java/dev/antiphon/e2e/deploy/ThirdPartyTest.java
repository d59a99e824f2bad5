package dev.antiphon.e2e.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;

/// The list of third-party libraries, compared with the class path of the program. `.ci/release` compares the licences
/// too, and writes the list: `cli/target/THIRD-PARTY.md`.
final class ThirdPartyTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `[^:`]+:([^`]+)` \\| .");
    private static final Pattern JAR = Pattern.compile("lib/(.+?)-\\d[^ ]*\\.jar");

    @Test
    void theListHasExactlyTheLibrariesOfTheProgram() throws IOException {
        assertThat(listed()).containsExactlyInAnyOrderElementsOf(onTheClassPath());
    }

    private static Set<String> listed() throws IOException {
        Set<String> names = new TreeSet<>();
        ROW.matcher(Files.readString(ROOT.resolve("THIRD-PARTY.md")))
                .results()
                .forEach(row -> names.add(row.group(1)));
        return names;
    }

    private static Set<String> onTheClassPath() throws IOException {
        try (var jar = new JarFile(ROOT.resolve("cli/target/antiphon.jar").toFile())) {
            String classPath =
                    jar.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            Set<String> names = new TreeSet<>();
            JAR.matcher(classPath).results().forEach(found -> names.add(found.group(1)));
            names.removeIf(name -> name.startsWith("antiphon-"));
            return names;
        }
    }
}
