package dev.antiphon.simulation;

import java.util.function.LongSupplier;

/// Our Redis scripts in Java: one method per script, each atomic, in layers by subject. They use the limits and times of
/// {@link dev.antiphon.backplane.Policy}, as the scripts do. `ModelRedisTest` compares the model with the real scripts.
/// Not final: a mutant overrides a method to break it.
class ModelRedis extends ModelHistory {

    ModelRedis(LongSupplier clock, LongSupplier generations, int keepEntries) {
        super(clock, generations, keepEntries);
    }

    private ModelRedis(ModelRedis other) {
        this(other.clock, other.generations, other.keepEntries);
        take(other);
    }

    /// A state to restore.
    ModelRedis snapshot() {
        return new ModelRedis(this);
    }

    /// Loses everything.
    void lose() {
        take(new ModelRedis(clock, generations, keepEntries));
    }
}
