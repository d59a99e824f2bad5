package dev.antiphon.bench.system;

/// A peer cannot run on this machine. The message is one sentence that says what is missing.
public final class Absent extends Exception {
    public Absent(String message) {
        super(message);
    }
}
