/// A worker process: pulls requests, runs them and writes their answers to the session log. {@link Worker}
/// assembles it.
@NullMarked
package dev.antiphon.worker;

import org.jspecify.annotations.NullMarked;
