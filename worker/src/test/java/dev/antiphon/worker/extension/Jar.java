package dev.antiphon.worker.extension;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

import javax.tools.ToolProvider;

/// A jar that a user has put into the folder of extensions.
public final class Jar {

    private final Map<String, String> sources = new TreeMap<>();
    private final Map<String, String> services = new TreeMap<>();

    /// Adds a class of the package `example`.
    public Jar source(String name, String text) {
        sources.put(name, "package example;\n" + text);
        return this;
    }

    /// Names a class of the package `example` as a service.
    public Jar service(Class<?> type, String name) {
        return service(type.getName(), name);
    }

    Jar service(String type, String name) {
        services.merge(type, "example." + name + "\n", String::concat);
        return this;
    }

    /// Writes it.
    public Jar into(Path file) throws IOException {
        Path work = Files.createTempDirectory(file.getParent(), "compile");
        Path classes = Files.createDirectories(work.resolve("classes"));
        Files.createDirectory(classes.resolve("example"));
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-d", classes.toString()));
        for (Map.Entry<String, String> each : sources.entrySet()) {
            Path source = work.resolve(each.getKey() + ".java");
            Files.writeString(source, each.getValue());
            arguments.add(source.toString());
        }
        if (!sources.isEmpty()
                && ToolProvider.getSystemJavaCompiler()
                                .run(null, null, null, arguments.toArray(String[]::new))
                        != 0) {
            throw new IllegalStateException("the test's class does not compile");
        }
        write(file, classes);
        return this;
    }

    private void write(Path file, Path classes) throws IOException {
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(out);
                Stream<Path> compiled = Files.list(classes.resolve("example"))) {
            for (Path each : compiled.toList()) {
                add(jar, "example/" + each.getFileName(), Files.readAllBytes(each));
            }
            for (Map.Entry<String, String> each : services.entrySet()) {
                byte[] name = each.getValue().getBytes(StandardCharsets.UTF_8);
                add(jar, "META-INF/services/" + each.getKey(), name);
            }
        }
    }

    private static void add(JarOutputStream jar, String name, byte[] bytes) throws IOException {
        jar.putNextEntry(new JarEntry(name));
        jar.write(bytes);
        jar.closeEntry();
    }
}
