package dev.antiphon.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// A record of what steps and tools of a worker process did, in a file, because a killed process remembers nothing. The
/// process' environment has the location of the file, and whether steps hang.
final class Ledger {

    static final String FILE = "STEPS_LEDGER";
    static final String HANG = "STEPS_HANG";

    private static final String HANGS = "hangs";

    private final Path file;

    Ledger(Path file) {
        this.file = file;
    }

    /// Records an action, if this process has a ledger.
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

    /// Whether steps hang in this process.
    static boolean isHanging() {
        return System.getenv(HANG) != null;
    }

    /// Does not return, except in a process where steps do not hang.
    static void hang(String session) throws InterruptedException {
        if (isHanging()) {
            note(session, HANGS);
            new CountDownLatch(1).await();
        }
    }

    boolean hangs(String session) {
        return notes(session).contains(HANGS);
    }

    /// The records of a session, in order.
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
