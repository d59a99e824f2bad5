package dev.antiphon.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Installs packages from a neighbouring folder, so that no registry is needed.
final class NodePackagesTest {
    @TempDir Path folder;

    private Path source;
    private Path target;

    @BeforeEach
    void makeAProject() throws IOException {
        source = Files.createDirectory(folder.resolve("source"));
        target = folder.resolve("target");
        Path local = Files.createDirectory(source.resolve("local"));
        Files.writeString(
                local.resolve("package.json"), "{\"name\":\"local\",\"version\":\"1.0.0\"}");
        Files.writeString(
                source.resolve("package.json"), "{\"dependencies\":{\"local\":\"file:./local\"}}");
        lock("1.0.0");
    }

    private void lock(String version) throws IOException {
        Files.writeString(
                source.resolve("package-lock.json"),
                """
                {"lockfileVersion": 3, "requires": true, "packages": {
                  "": {"dependencies": {"local": "file:./local"}},
                  "local": {"version": "%s"},
                  "node_modules/local": {"resolved": "local", "link": true}}}
                """
                        .formatted(version));
    }

    @Test
    void installsOnceAndAgainWhenTheLockFileChanges() throws Exception {
        NodePackages.install(source, target);
        Path manifest = target.resolve("node_modules/local/package.json");
        assertThat(manifest).exists();

        Path mark = Files.createFile(target.resolve("node_modules/mark"));
        NodePackages.install(source, target);
        assertThat(mark).exists();

        lock("1.0.1");
        NodePackages.install(source, target);
        assertThat(mark).doesNotExist();
        assertThat(manifest).exists();
    }

    @Test
    void copiesWhatChangedThoughNothingIsInstalled() throws Exception {
        NodePackages.install(source, target);
        Files.writeString(source.resolve("program.mjs"), "new");

        NodePackages.install(source, target);

        assertThat(target.resolve("program.mjs")).hasContent("new");
    }

    @Test
    void whatIsBuiltOrInstalledInTheSourceIsNotCopied() throws Exception {
        Files.createDirectories(source.resolve("node_modules/stale"));
        Files.createDirectories(source.resolve("local/target"));

        NodePackages.install(source, target);

        assertThat(target.resolve("node_modules/stale")).doesNotExist();
        assertThat(target.resolve("local")).exists();
        assertThat(target.resolve("local/target")).doesNotExist();
    }

    @Test
    void aFailedInstallationIsOneLineAndIsRetried() throws Exception {
        Files.writeString(source.resolve("package-lock.json"), "{}");
        assertThatThrownBy(() -> NodePackages.install(source, target))
                .isInstanceOf(ServerStartException.class)
                .hasMessageStartingWith("npm could not install " + target + ": ")
                .hasMessageNotContaining("\n");

        lock("1.0.0");
        NodePackages.install(source, target);
        assertThat(target.resolve("node_modules/local")).exists();
    }
}
