package dev.antiphon.engine.run;

import com.sun.management.ThreadMXBean;

import java.lang.management.ManagementFactory;
import java.util.function.IntConsumer;

/// Counts the bytes that work allocates, as a measure of the work that does not depend on the machine's speed.
final class Allocation {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocation() {}

    /// How many times as many bytes the work allocates for `large` as for `small`.
    static double ratio(IntConsumer work, int small, int large) {
        work.accept(small); // loads the classes
        return (double) bytes(work, large) / bytes(work, small);
    }

    private static long bytes(IntConsumer work, int size) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        work.accept(size);
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }
}
