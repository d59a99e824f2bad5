package dev.antiphon.chaos.history;

import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import java.util.zip.GZIPOutputStream;

/// Writes a run's history. Thread-safe; lines are in the order of their times.
public final class HistoryWriter implements AutoCloseable {

    private static final int BUFFER_BYTES = 64 * 1024;

    private final JsonMapper json = JsonMapper.shared();
    private final long begin = System.nanoTime();

    /// Guards the stream and the order of times.
    private final ReentrantLock lock = new ReentrantLock();

    private final OutputStream out;
    private boolean closed;

    private HistoryWriter(OutputStream out) {
        this.out = out;
    }

    public static HistoryWriter create(Path file) throws IOException {
        return new HistoryWriter(
                new BufferedOutputStream(
                        new GZIPOutputStream(Files.newOutputStream(file), BUFFER_BYTES),
                        BUFFER_BYTES));
    }

    /// Microseconds since the run began.
    public long now() {
        return (System.nanoTime() - begin) / 1_000;
    }

    /// Writes the line that `line` creates from the time, and returns it. Writes nothing after the end.
    public <L extends HistoryLine> L write(LongFunction<L> line) {
        lock.lock();
        try {
            L made = line.apply(now());
            if (!closed) {
                out.write(json.writerFor(HistoryLine.class).writeValueAsBytes(made));
                out.write('\n');
            }
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            closed = true;
            out.close();
        } finally {
            lock.unlock();
        }
    }
}
