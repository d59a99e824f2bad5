package dev.antiphon.worker.extension;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/// The jars of a folder in one class loader below ours: extensions, and their libraries. Classes that Antiphon has are
/// taken from Antiphon, so a jar needs no copy of them.
///
/// Extensions run with all permissions of the worker. Used by one thread while a worker starts.
public final class Extensions implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Extensions.class);
    private static final String OURS = "META-INF/services/dev.antiphon.api.";

    private final @Nullable Path folder;
    private final @Nullable URLClassLoader loader;

    private Extensions(@Nullable Path folder, @Nullable URLClassLoader loader) {
        this.folder = folder;
        this.loader = loader;
    }

    /// Without extensions.
    public static Extensions none() {
        return new Extensions(null, null);
    }

    /// Takes all jars of `folder`, not of its subfolders. Warns about jars that offer nothing; they can be libraries.
    ///
    /// @throws IllegalArgumentException when it is not a folder or has no jar, or a jar cannot be read
    public static Extensions open(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    "the extensions folder " + folder.toAbsolutePath() + " does not exist");
        }
        List<Path> jars = jars(folder);
        if (jars.isEmpty()) {
            throw new IllegalArgumentException(
                    "the extensions folder " + folder.toAbsolutePath() + " has no jar");
        }
        List<String> idle =
                jars.stream()
                        .filter(jar -> !offersServices(jar))
                        .map(jar -> jar.getFileName().toString())
                        .toList();
        if (!idle.isEmpty()) {
            LOG.atWarn()
                    .addKeyValue("jars", idle)
                    .log(
                            "jars name no extension in META-INF/services; fine if others need them as libraries");
        }
        URL[] urls = jars.stream().map(Extensions::url).toArray(URL[]::new);
        ClassLoader parent = Extensions.class.getClassLoader();
        return new Extensions(folder, new URLClassLoader("extensions", urls, parent));
    }

    private static List<Path> jars(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the extensions folder " + folder, e);
        }
    }

    private static boolean offersServices(Path jar) {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream().anyMatch(entry -> entry.getName().startsWith(OURS));
        } catch (IOException e) {
            throw new IllegalArgumentException(jar + " is not a jar: " + e.getMessage(), e);
        }
    }

    private static URL url(Path jar) {
        try {
            return jar.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new AssertionError("a file has an address", e);
        }
    }

    /// Creates a new object of each class that the jars name for `type`, in the order of the jars' names.
    ///
    /// @throws IllegalArgumentException when one cannot be created
    public <S> List<S> services(Class<S> type) {
        List<S> services = new ArrayList<>();
        if (loader == null) {
            return services;
        }
        try {
            ServiceLoader.load(type, loader).stream()
                    .filter(each -> loader.equals(each.type().getClassLoader())) // not the parent's
                    .forEach(each -> services.add(each.get()));
        } catch (ServiceConfigurationError | LinkageError e) {
            throw new IllegalArgumentException(
                    "an extension in " + folder + " cannot be loaded: " + reason(e), e);
        }
        return services;
    }

    /// Calls an extension's code while the worker starts.
    ///
    /// @throws IllegalArgumentException when it fails, with one line that names the extension
    public static <T> T starting(Object service, Supplier<T> call) {
        try {
            return call.get();
        } catch (RuntimeException | LinkageError e) {
            throw new IllegalArgumentException(
                    "the extension " + service.getClass().getName() + " failed: " + reason(e), e);
        }
    }

    /// As one line.
    private static String reason(Throwable e) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        return e instanceof ServiceConfigurationError && e.getCause() != null
                ? message + ": " + reason(e.getCause())
                : message.lines().findFirst().orElse("");
    }

    /// Closes the jars; objects from them must not be used afterwards.
    @Override
    public void close() {
        try {
            if (loader != null) {
                loader.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
