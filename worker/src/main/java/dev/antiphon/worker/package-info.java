/// A worker process: pulls requests, runs them and writes their answers into the session log.
/// {@link Worker} assembles it. Allowed imports: protocol, backplane, worker.run, worker.provider,
/// Micrometer, the JDK's HTTP server.
@NullMarked
package dev.antiphon.worker;

import org.jspecify.annotations.NullMarked;
