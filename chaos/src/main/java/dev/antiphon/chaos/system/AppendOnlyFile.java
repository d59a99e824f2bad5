package dev.antiphon.chaos.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Optional;

/// Redis' append-only file, whose growth is recorded so that its last second can be removed. With a sync every second,
/// a machine that loses power loses just that; `kill -9` alone loses nothing, because the system keeps the writes.
final class AppendOnlyFile implements AutoCloseable {

    private static final Duration LOOK_EVERY = Duration.ofMillis(100);
    private static final Duration LOST = Duration.ofSeconds(1);
    private static final int KEPT_SIZES = 100;

    /// @param at nanoseconds
    private record Size(Path file, long bytes, long at) {}

    private final Path folder;
    private final Thread watcher;

    /// Guarded by itself; the newest first.
    private final Deque<Size> sizes = new ArrayDeque<>();

    private AppendOnlyFile(Path folder) {
        this.folder = folder;
        this.watcher = Thread.ofVirtual().name("append-only-file").unstarted(this::watch);
    }

    static AppendOnlyFile watch(Path redisFolder) {
        var file = new AppendOnlyFile(redisFolder.resolve("appendonlydir"));
        file.watcher.start();
        return file;
    }

    private void watch() {
        try {
            while (true) {
                look();
                Thread.sleep(LOOK_EVERY);
            }
        } catch (InterruptedException _) {
            // The run is over.
        }
    }

    private void look() {
        Optional<Path> newest = newest();
        synchronized (sizes) {
            newest.ifPresent(file ->
                    sizes.addFirst(new Size(file, file.toFile().length(), System.nanoTime())));
            if (sizes.size() > KEPT_SIZES) {
                sizes.removeLast();
            }
        }
    }

    private Optional<Path> newest() {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".incr.aof"))
                    .max(Comparator.comparingLong(file -> file.toFile().lastModified()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Removes the writes of the last second, of two at most. Only while Redis is down.
    void loseTail() {
        Optional<Path> newest = newest();
        long wanted = System.nanoTime() - LOST.toNanos();
        Optional<Size> then;
        synchronized (sizes) {
            then =
                    sizes.stream()
                            .filter(size ->
                                    size.at() <= wanted && size.at() > wanted - LOST.toNanos())
                            .filter(size -> newest.filter(size.file()::equals).isPresent())
                            .findFirst();
        }
        then.ifPresent(AppendOnlyFile::truncate);
    }

    private static void truncate(Size size) {
        try (var channel = FileChannel.open(size.file(), StandardOpenOption.WRITE)) {
            channel.truncate(size.bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        watcher.interrupt();
    }
}
