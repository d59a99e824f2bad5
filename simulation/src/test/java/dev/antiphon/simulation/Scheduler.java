package dev.antiphon.simulation;

import java.util.PriorityQueue;
import java.util.SplittableRandom;

/// One world's time, random numbers and order of events. Everything runs on the one thread that calls {@link #step}.
///
/// Tasks that can run at the same virtual moment run in an order drawn from the seed. A task's draw depends on its
/// owner and on how often it ran, not on when it was scheduled. So the iteration order of a hash set of threads in
/// production code, which differs from one JVM to the next, does not change what happens.
final class Scheduler {

    private record Task(long at, long draw, Runnable body) {}

    private final long seed;
    private final SplittableRandom random;
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>((a, b) ->
                    a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.draw, b.draw));
    private long now = 1_000_000_000L;
    private long serial;
    private long steps;

    Scheduler(long seed) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
    }

    long now() {
        return now;
    }

    long steps() {
        return steps;
    }

    /// The random numbers of the models and faults.
    SplittableRandom random() {
        return random;
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    /// A number for a participant in the order.
    long nextSerial() {
        return ++serial;
    }

    /// Runs a task at this time; a time in the past means now.
    void at(long nanos, Runnable body) {
        at(nanos, nextSerial(), 0, body);
    }

    void after(long nanos, Runnable body) {
        at(now + nanos, body);
    }

    /// Runs a task now that has run before.
    ///
    /// @param who a number of {@link #nextSerial}
    /// @param times how often it ran
    void again(long who, long times, Runnable body) {
        at(now, who, times, body);
    }

    private void at(long nanos, long who, long times, Runnable body) {
        tasks.add(new Task(Math.max(nanos, now), draw(who, times), body));
    }

    private long draw(long who, long times) {
        long mixed = (seed ^ who * 0x9e3779b97f4a7c15L) + times * 0xd1342543de82ef95L;
        mixed = (mixed ^ (mixed >>> 32)) * 0xd6e8feb86659fd93L;
        mixed = (mixed ^ (mixed >>> 29)) * 0xd6e8feb86659fd93L;
        return mixed ^ (mixed >>> 32);
    }

    /// Runs the next task, and moves the clock to it.
    ///
    /// @return false when nothing is left to run
    boolean step() {
        Task next = tasks.poll();
        if (next == null) {
            return false;
        }
        steps++;
        now = next.at;
        next.body.run();
        return true;
    }
}
