/// A worker process: pulls requests, runs them and writes their answers into the session log. {@link Worker}
/// assembles it.
@NullMarked
package dev.antiphon.worker;

import org.jspecify.annotations.NullMarked;
