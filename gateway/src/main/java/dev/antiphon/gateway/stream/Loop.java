package dev.antiphon.gateway.stream;

/// The one thread of everything in this package, and its clock.
///
/// An interface because the gateway's is a Vert.x event loop, and the simulation's a seeded scheduler.
public interface Loop {

    /// Runs a task on the loop, after earlier ones. Any thread; also from the loop, and then not at once. A task that
    /// comes after the end of the loop is dropped.
    void execute(Runnable task);

    /// Nanoseconds since some moment; never goes back. Only differences have a meaning.
    long nanoTime();
}
