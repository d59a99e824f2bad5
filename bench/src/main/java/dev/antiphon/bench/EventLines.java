package dev.antiphon.bench;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Reads a stream of events line by line and notes when the bytes of each line arrived. Decodes only the
/// necessary parts.
final class EventLines {

    private static final int BUFFER_BYTES = 16 * 1024;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int at;
    private int end;

    /// The arrival time of the bytes in the buffer.
    private long cameAt;

    EventLines(InputStream in) {
        this.in = in;
    }

    /// The next line without its end; a longer line is cut to the length of the buffer.
    String nextLine() throws IOException {
        byte[] line = new byte[256];
        int length = 0;
        for (int next = read(); next != '\n'; next = read()) {
            if (next != '\r' && length < BUFFER_BYTES) {
                if (length == line.length) {
                    line = Arrays.copyOf(line, length * 2);
                }
                line[length++] = (byte) next;
            }
        }
        return new String(line, 0, length, StandardCharsets.UTF_8);
    }

    void awaitEvent(String name) throws IOException {
        String wanted = "event: " + name;
        while (!nextLine().equals(wanted)) {
            // earlier lines do not matter
        }
    }

    /// The id of the next entry.
    String nextId() throws IOException {
        while (true) {
            String line = nextLine();
            if (line.startsWith("id: ")) {
                return line.substring("id: ".length());
            }
        }
    }

    /// Reads to the end of an answer.
    ///
    /// @return `first`, then the arrival time of each of its chunks
    long[] chunkTimes(long first) throws IOException {
        long[] times = new long[128];
        int count = 0;
        times[count++] = first;
        while (true) {
            String line = nextLine();
            if (line.equals("event: message_complete")) {
                return Arrays.copyOf(times, count);
            }
            if (line.equals("event: chunk")) {
                if (count == times.length) {
                    times = Arrays.copyOf(times, count * 2);
                }
                times[count++] = cameAt;
            }
        }
    }

    private int read() throws IOException {
        if (at == end) {
            end = in.read(buffer);
            at = 0;
            cameAt = System.nanoTime();
            if (end < 0) {
                throw new EOFException("the stream ended before the answer did");
            }
        }
        return buffer[at++];
    }
}
