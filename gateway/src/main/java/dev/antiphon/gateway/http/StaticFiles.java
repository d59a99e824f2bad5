package dev.antiphon.gateway.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The chat page's files, read from the class path once at start. A request can only name one of them: no path from
/// outside ever reaches a file system.
final class StaticFiles {

    private static final String INDEX = "web/index.html";

    /// The kinds of files that are served; others are not.
    private static final Map<String, String> MEDIA_TYPES =
            Map.of(
                    "html", "text/html; charset=utf-8",
                    "js", "text/javascript; charset=utf-8",
                    "css", "text/css; charset=utf-8",
                    "json", "application/json",
                    "webmanifest", "application/manifest+json",
                    "svg", "image/svg+xml",
                    "png", "image/png",
                    "ico", "image/x-icon",
                    "woff2", "font/woff2",
                    "txt", "text/plain; charset=utf-8");

    private StaticFiles() {}

    /// Every file by its path, the index also as `/`. Empty when there is no index. Blocks while it reads.
    static Map<String, StaticFile> load() {
        URL index = StaticFiles.class.getClassLoader().getResource(INDEX);
        if (index == null) {
            return Map.of();
        }
        try {
            return "jar".equals(index.getProtocol())
                    ? fromJar(index.toURI())
                    : from(Path.of(index.toURI().resolve(".")));
        } catch (IOException e) {
            throw new UncheckedIOException("the chat page cannot be read", e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the chat page has no URI: " + index, e);
        }
    }

    private static Map<String, StaticFile> fromJar(URI index) throws IOException {
        String jar = index.toString();
        URI archive = URI.create(jar.substring(0, jar.indexOf("!/")));
        try (FileSystem files = FileSystems.newFileSystem(archive, Map.of())) {
            return from(files.getPath("/web"));
        }
    }

    private static Map<String, StaticFile> from(Path root) throws IOException {
        Map<String, StaticFile> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String name = root.relativize(file).toString().replace('\\', '/');
                String mediaType = MEDIA_TYPES.get(name.substring(name.lastIndexOf('.') + 1));
                if (mediaType != null) {
                    files.put("/" + name, read(file, mediaType));
                }
            }
        }
        files.put("/", files.get("/index.html"));
        return files;
    }

    private static StaticFile read(Path file, String mediaType) throws IOException {
        byte[] content = Files.readAllBytes(file);
        return new StaticFile(content, mediaType, entityTag(content));
    }

    private static String entityTag(byte[] content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            return '"' + HexFormat.of().formatHex(digest, 0, 16) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
