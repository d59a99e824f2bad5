package dev.antiphon.cli;

import java.util.concurrent.CountDownLatch;

/// The rest of a process' life after it serves.
final class Serving {
    private Serving() {}

    /// Prints the line that reports it, and waits for SIGTERM or Ctrl-C, which close the process cleanly. Never
    /// returns: the JVM ends.
    static int untilStopped(AutoCloseable process, String line) throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> close(process)));
        System.out.println(line);
        new CountDownLatch(1).await();
        throw new AssertionError("nothing counts the latch down");
    }

    private static void close(AutoCloseable process) {
        try {
            process.close();
        } catch (Exception e) {
            throw new IllegalStateException("close failed", e);
        }
    }
}
