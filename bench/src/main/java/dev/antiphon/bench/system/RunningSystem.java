package dev.antiphon.bench.system;

import dev.antiphon.bench.client.Target;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// A system that serves.
public final class RunningSystem implements AutoCloseable {

    private final Contender contender;
    private final Target target;
    private final Processes processes;
    private final OptionalInt redis;
    private final List<Runnable> closers;

    /// @param redis the port of its Redis
    /// @param closers stop its parts; called in reverse order
    RunningSystem(
            Contender contender,
            Target target,
            Processes processes,
            OptionalInt redis,
            List<Runnable> closers) {
        this.contender = contender;
        this.target = target;
        this.processes = processes;
        this.redis = redis;
        this.closers = new ArrayList<>(closers);
    }

    /// Its name in options and results.
    public String name() {
        return contender.name();
    }

    public Target target() {
        return target;
    }

    public Processes processes() {
        return processes;
    }

    /// The port of its Redis; empty if it has none.
    public OptionalInt redis() {
        return redis;
    }

    /// Stops all its processes.
    @Override
    public void close() {
        closers.reversed().forEach(Runnable::run);
        closers.clear();
    }
}
