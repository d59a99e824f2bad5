package dev.antiphon.e2e.deploy;

import dev.antiphon.servers.ChildProcess;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The result of `docker build` for a Dockerfile, with a folder as each stage's file system. Each instruction is
/// executed as written; absolute paths are inside the stage's folder. This machine replaces the base images: its Maven,
/// and the JDK that runs the tests. An unknown instruction is an error, so that the Dockerfile cannot contain more than
/// is proven.
final class Image {
    private static final Map<String, String> BASES =
            Map.of(
                    "maven:3.9-eclipse-temurin-25", "Maven on a JDK 25",
                    "eclipse-temurin:25-jre", "a Java 25 runtime");
    private static final int BUILD_MINUTES = 5;

    private final Path root;
    private final Map<String, String> environment = new HashMap<>();
    private Path workingDirectory;
    private @Nullable String user;
    private List<String> entrypoint = List.of();
    private List<String> command = List.of();
    private List<String> healthCheck = List.of();

    private Image(Path root) {
        this.root = root;
        this.workingDirectory = root;
    }

    /// Builds the last stage.
    ///
    /// @param context the files that `.dockerignore` includes
    /// @param folder an empty one, for the stages
    static Image build(Path dockerfile, Path context, Path folder)
            throws IOException, InterruptedException {
        Map<String, Image> stages = new HashMap<>();
        var image = new Image(folder);
        for (String line : instructions(dockerfile)) {
            String[] parts = line.split("\\s+", 2);
            if (parts[0].equals("FROM")) {
                image = from(parts[1], stages, folder);
            } else {
                image.apply(parts[0], parts[1], context, stages);
            }
        }
        return image;
    }

    /// Starts a container with these variables (`-e`) and these arguments, which replace the image's command.
    ChildProcess run(Map<String, String> variables, Path log, String... arguments) {
        List<String> words = new ArrayList<>(asUser());
        words.addAll(entrypoint);
        words.addAll(arguments.length > 0 ? List.of(arguments) : command);
        return ChildProcess.start(
                process(words, variables).redirectErrorStream(true).redirectOutput(log.toFile()));
    }

    /// Runs the health check as the engine does, with the variables of the container.
    ///
    /// @param role what the script would find out from the container's process 1
    boolean isHealthy(Map<String, String> variables, String role)
            throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(asUser());
        words.addAll(healthCheck);
        words.add(role);
        Process check = process(words, variables).redirectErrorStream(true).start();
        return check.waitFor(10, TimeUnit.SECONDS) && check.exitValue() == 0;
    }

    @Nullable String user() {
        return user;
    }

    /// The folder that represents the file system.
    Path root() {
        return root;
    }

    private static List<String> instructions(Path dockerfile) throws IOException {
        String text =
                Pattern.compile("^#.*\\n", Pattern.MULTILINE)
                        .matcher(Files.readString(dockerfile))
                        .replaceAll("")
                        .replace("\\\n", " ");
        return text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    }

    private static Image from(String arguments, Map<String, Image> stages, Path folder)
            throws IOException {
        String[] words = arguments.split("\\s+", -1);
        if (!BASES.containsKey(words[0])) {
            throw new IllegalStateException(
                    words[0]
                            + " is not one of the bases that this machine stands in for: "
                            + BASES);
        }
        var stage = new Image(Files.createDirectory(folder.resolve("stage-" + stages.size())));
        stages.put(words.length == 3 ? words[2] : "last", stage);
        return stage;
    }

    private void apply(String name, String arguments, Path context, Map<String, Image> stages)
            throws IOException, InterruptedException {
        switch (name) {
            case "WORKDIR" -> workingDirectory = Files.createDirectories(inside(arguments));
            case "COPY" -> copy(List.of(arguments.split("\\s+", -1)), context, stages);
            case "RUN" -> runToTheEnd(arguments);
            case "ENV" -> {
                String[] pair = arguments.split("=", 2);
                environment.put(pair[0], pair[1]);
            }
            case "USER" -> user = arguments;
            case "HEALTHCHECK" -> healthCheck = words(arguments.split("CMD ", 2)[1]);
            case "ENTRYPOINT" -> entrypoint = words(arguments);
            case "CMD" -> command = words(arguments);
            case "EXPOSE" -> {}
            default -> throw new IllegalStateException("not proven here: " + name);
        }
    }

    private void copy(List<String> words, Path context, Map<String, Image> stages)
            throws IOException {
        // With --from, the source is another stage, and paths begin at its root.
        Image stage = stages.get(words.getFirst().replace("--from=", ""));
        List<String> sources = words.subList(stage == null ? 0 : 1, words.size() - 1);
        Path to = inside(words.getLast());
        boolean into = words.getLast().endsWith("/") || sources.size() > 1;
        for (String source : sources) {
            Path from = stage == null ? context.resolve(source).normalize() : stage.inside(source);
            copyTree(from, into ? to.resolve(from.getFileName()) : to);
        }
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = to.resolve(from.relativize(file).toString()).normalize();
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
    }

    private void runToTheEnd(String shell) throws IOException, InterruptedException {
        Path log = root.resolveSibling(root.getFileName() + ".log");
        Process process =
                process(List.of("/bin/sh", "-c", shell), Map.of())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        if (!process.waitFor(BUILD_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException("RUN " + shell + " failed:\n" + Files.readString(log));
        }
    }

    /// The environment of a process of this image: the image's variables, and from this machine only the location of
    /// its JDK, its programs and Maven's downloads.
    private ProcessBuilder process(List<String> words, Map<String, String> variables) {
        var builder = new ProcessBuilder(words.stream().map(this::word).toList());
        Map<String, String> host = Map.copyOf(builder.environment());
        Map<String, String> seen = builder.environment();
        seen.clear();
        String jdk = System.getProperty("java.home");
        seen.put("JAVA_HOME", jdk);
        seen.put("PATH", jdk + "/bin:" + host.get("PATH"));
        seen.put("HOME", host.getOrDefault("HOME", "/"));
        seen.putAll(environment);
        seen.putAll(variables);
        return builder.directory(workingDirectory.toFile());
    }

    /// Becoming another user requires root; without root the program runs as the user of the tests, who is not
    /// root either.
    private List<String> asUser() {
        if (user == null || !System.getProperty("user.name").equals("root")) {
            return List.of();
        }
        String[] ids = user.split(":", -1);
        return List.of("setpriv", "--reuid=" + ids[0], "--regid=" + ids[1], "--clear-groups", "--");
    }

    private Path inside(String path) {
        return (path.startsWith("/")
                        ? root.resolve(path.substring(1))
                        : workingDirectory.resolve(path))
                .normalize();
    }

    /// A word of a command line, with its path in the image replaced by the path in the stage's
    /// folder: `@/app/jvm.options`.
    private String word(String word) {
        int slash = word.indexOf('/');
        boolean isPath = slash == 0 || (slash == 1 && word.startsWith("@"));
        return isPath && Files.exists(inside(word.substring(slash)))
                ? word.substring(0, slash) + inside(word.substring(slash))
                : word;
    }

    /// The JSON form of a command: the other form runs a shell, which swallows SIGTERM.
    private static List<String> words(String json) {
        return JsonMapper.shared().readTree(json).valueStream().map(JsonNode::asString).toList();
    }
}
