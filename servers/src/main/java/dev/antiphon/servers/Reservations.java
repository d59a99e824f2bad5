package dev.antiphon.servers;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Numbers that at most one JVM of this user has: the locked bytes of a file. The system unlocks them when the JVM ends,
/// however it ends. The file stays empty.
///
/// Tests of several JVMs run next to each other. A port is free for seconds until the process that shall listen on it
/// has started, and each time that a test restarts it; without a reservation, two tests can get the same port.
final class Reservations {
    private final @Nullable FileChannel file;

    private Reservations(@Nullable FileChannel file) {
        this.file = file;
    }

    /// Where the file cannot be opened, every number can be reserved.
    static Reservations open(Path file) {
        try {
            return new Reservations(
                    FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
        } catch (IOException _) {
            return new Reservations(null);
        }
    }

    /// Reserves a number that this JVM does not have yet.
    ///
    /// @return whether no other JVM has it
    boolean reserve(int number) {
        if (file == null) {
            return true;
        }
        try {
            return file.tryLock(number, 1, false) != null;
        } catch (IOException _) {
            return true; // a file system without locks
        }
    }
}
