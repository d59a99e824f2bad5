/// Clock, threads and random numbers of a worker. All its blocking code waits through {@link dev.antiphon.time.Time},
/// so that the simulation can run it under a seeded scheduler.
@NullMarked
package dev.antiphon.time;

import org.jspecify.annotations.NullMarked;
