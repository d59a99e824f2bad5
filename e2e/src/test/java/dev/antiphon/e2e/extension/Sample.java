package dev.antiphon.e2e.extension;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.e2e.installation.Programs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The sample project, built by `mvn package` as its documentation says.
///
/// The test has its own Maven repository for the files that `mvn install` would have installed, Antiphon's own jars:
/// links to the downloads of this project's build, and our freshly built jars. On a new machine Maven downloads only
/// what the sample needs, to the targets of the links.
final class Sample {
    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    private static final Path FETCHED =
            Path.of(
                    System.getProperty(
                            "localRepository",
                            Path.of(System.getProperty("user.home"), ".m2/repository").toString()));
    private static final String VERSION = "0.1.0-SNAPSHOT";

    private Sample() {}

    /// Builds the sample in `folder`, an empty one.
    ///
    /// @return the folder with its jar, and nothing else
    static Path build(Path folder) throws IOException, InterruptedException {
        Path project = folder.resolve("project");
        copy(CHECKOUT.resolve("samples/extension"), project);
        Path log = folder.resolve("maven.log");
        Path repository = repository(folder);
        var maven =
                new ProcessBuilder(
                                Programs.find("maven", "mvn"),
                                "-B",
                                "-Dmaven.repo.local=" + repository,
                                "package")
                        .directory(project.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile());
        maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
        assertThat(maven.start().waitFor()).as(() -> read(log)).isZero();
        unlink(repository);
        unlink(repository.resolve("dev"));
        Path extensions = Files.createDirectory(folder.resolve("extensions"));
        Files.copy(
                project.resolve("target/sample-extension.jar"),
                extensions.resolve("sample-extension.jar"));
        return extensions;
    }

    private static Path repository(Path folder) throws IOException {
        Path repository = folder.resolve("repository");
        linkAllBut("dev", FETCHED, repository);
        linkAllBut("antiphon", FETCHED.resolve("dev"), repository.resolve("dev"));
        place(repository, "antiphon", CHECKOUT);
        for (String module :
                List.of(
                        "protocol",
                        "time",
                        "api",
                        "servers",
                        "transport",
                        "testkit",
                        "backplane",
                        "tools",
                        "engine",
                        "tester")) {
            place(repository, "antiphon-" + module, CHECKOUT.resolve(module));
        }
        return repository;
    }

    private static void linkAllBut(String excepted, Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> entries = Files.list(from)) {
            for (Path entry : entries.toList()) {
                if (!entry.getFileName().toString().equals(excepted)) {
                    Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
                }
            }
        }
    }

    /// The code that deletes the folder afterwards would warn about each link.
    private static void unlink(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path link : entries.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    private static void place(Path repository, String artifact, Path module) throws IOException {
        String name = artifact + "-" + VERSION;
        Path folder =
                Files.createDirectories(
                        repository.resolve("dev/antiphon").resolve(artifact).resolve(VERSION));
        Files.copy(module.resolve("pom.xml"), folder.resolve(name + ".pom"));
        Path jar = module.resolve("target").resolve(name + ".jar");
        if (Files.exists(jar)) { // the parent has none
            Files.copy(jar, folder.resolve(name + ".jar"));
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(each -> !isBuilt(from, each)).toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    private static boolean isBuilt(Path from, Path file) {
        return from.relativize(file).startsWith("target");
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
