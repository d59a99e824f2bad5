package dev.antiphon.e2e.deploy;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A `.dockerignore`: selects the files of a folder that become the build context.
///
/// As in Docker, a pattern matches a path or a folder above it, and the last match decides. An excluded folder is
/// searched only when an exception begins with its name, letter by letter.
record IgnoreFile(List<Rule> rules) {

    /// @param keeps whether it begins with `!`
    record Rule(boolean keeps, String glob, Pattern pattern) {}

    static IgnoreFile read(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return new IgnoreFile(
                    lines.map(String::strip)
                            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                            .map(IgnoreFile::rule)
                            .toList());
        }
    }

    /// Copies the included files.
    void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(
                from,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path folder, BasicFileAttributes attributes) {
                        return folder.equals(from) || isEntered(from.relativize(folder))
                                ? FileVisitResult.CONTINUE
                                : FileVisitResult.SKIP_SUBTREE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Path relative = from.relativize(file);
                        if (isIn(relative)) {
                            Path copy = to.resolve(relative);
                            Files.createDirectories(copy.getParent());
                            Files.copy(file, copy);
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    private boolean isEntered(Path folder) {
        return isIn(folder)
                || rules.stream()
                        .anyMatch(rule -> rule.keeps() && rule.glob().startsWith(folder + "/"));
    }

    private boolean isIn(Path relative) {
        boolean in = true;
        for (Rule rule : rules) {
            if (in != rule.keeps() && matches(rule.pattern(), relative)) {
                in = rule.keeps();
            }
        }
        return in;
    }

    private static boolean matches(Pattern pattern, Path relative) {
        for (int names = 1; names <= relative.getNameCount(); names++) {
            if (pattern.matcher(relative.subpath(0, names).toString()).matches()) {
                return true;
            }
        }
        return false;
    }

    private static Rule rule(String line) {
        boolean keeps = line.startsWith("!");
        String glob = keeps ? line.substring(1) : line;
        if (glob.contains("**") || glob.contains("?") || glob.contains("[")) {
            throw new IllegalStateException("not proven here: " + line);
        }
        String regex = Pattern.quote(glob).replace("*", "\\E[^/]*\\Q");
        return new Rule(keeps, glob, Pattern.compile(regex));
    }
}
