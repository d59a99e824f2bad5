/// Requests in JetStream: published once, pulled by a worker with room, acknowledged when the log says so. Without
/// JetStream they are rung over core NATS. Attempts and status are in the run records, never in JetStream's counts.
@NullMarked
package dev.antiphon.backplane.queue;

import org.jspecify.annotations.NullMarked;
