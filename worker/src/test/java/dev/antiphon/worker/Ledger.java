package dev.antiphon.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// What steps and tools of a worker process did, written into a file: a process that is killed remembers nothing. The
/// process' environment says where the file is, and whether whoever may hang in it does.
final class Ledger {

    static final String FILE = "STEPS_LEDGER";
    static final String HANG = "STEPS_HANG";

    private static final String HANGS = "hangs";

    private final Path file;

    Ledger(Path file) {
        this.file = file;
    }

    /// Notes something, if this process has a ledger.
    static void note(String session, String what) {
        String file = System.getenv(FILE);
        if (file != null) {
            write(Path.of(file), session + " " + what + "\n");
        }
    }

    private static synchronized void write(Path file, String line) {
        try {
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Whether those who may hang do in this process.
    static boolean isHanging() {
        return System.getenv(HANG) != null;
    }

    /// Does not return, unless in a process where nobody hangs.
    static void hang(String session) throws InterruptedException {
        if (isHanging()) {
            note(session, HANGS);
            new CountDownLatch(1).await();
        }
    }

    boolean hangs(String session) {
        return notes(session).contains(HANGS);
    }

    /// What was noted for a session, in order.
    List<String> notes(String session) {
        String prefix = session + " ";
        try {
            return Files.exists(file)
                    ? Files.readAllLines(file).stream()
                            .filter(line -> line.startsWith(prefix))
                            .map(line -> line.substring(prefix.length()))
                            .toList()
                    : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
