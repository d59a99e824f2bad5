package dev.antiphon.gateway.stream;

/// The one thread that everything in this package lives on, and its clock.
///
/// A seam: the gateway's is a Vert.x event loop, the simulation's a seeded scheduler.
public interface Loop {

    /// Runs a task on the loop, after those given before. Any thread; also from the loop, and then not at once. A task
    /// given after the loop has ended is dropped.
    void execute(Runnable task);

    /// Nanoseconds since some moment; never goes back. Only differences mean something.
    long nanoTime();
}
