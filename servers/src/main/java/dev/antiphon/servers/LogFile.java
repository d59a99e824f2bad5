package dev.antiphon.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/// The output of a process, over all its starts.
public final class LogFile {
    // A server that restarts all day must not fill the disk: at a start, a file larger than this
    // replaces the one old file.
    private static final long ROTATE_BYTES = 8 << 20;
    private static final long TAIL_BYTES = 8 << 10;

    private final Path path;
    private long startOffset;

    LogFile(Path path) {
        this.path = path;
    }

    Path path() {
        return path;
    }

    /// A new start writes from here on.
    void begin() {
        try {
            if (Files.exists(path) && Files.size(path) > ROTATE_BYTES) {
                Path old = path.resolveSibling(path.getFileName() + ".old");
                Files.move(path, old, StandardCopyOption.REPLACE_EXISTING);
            }
            startOffset = Files.exists(path) ? Files.size(path) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The last lines that were written since the latest start, oldest first.
    List<String> tail(int lines) {
        return tail(path, startOffset, lines);
    }

    /// The last lines of a file (of its last 8 KiB, without blank ones), oldest first; empty when the file cannot
    /// be read.
    public static List<String> tail(Path path, int lines) {
        return tail(path, 0, lines);
    }

    private static List<String> tail(Path path, long startOffset, int lines) {
        try (var channel = FileChannel.open(path)) {
            channel.position(Math.max(startOffset, channel.size() - TAIL_BYTES));
            byte[] bytes = Channels.newInputStream(channel).readAllBytes();
            List<String> all =
                    new String(bytes, StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.isBlank())
                            .toList();
            return all.subList(Math.max(0, all.size() - lines), all.size());
        } catch (IOException _) {
            return List.of();
        }
    }
}
