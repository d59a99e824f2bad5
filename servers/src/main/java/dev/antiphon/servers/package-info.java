/// Real servers as child processes: what `antiphon up` runs and what every test runs against, so that development,
/// tests and production share one set of semantics. A child never outlives its JVM, not even one that is killed
/// with `kill -9` (see [dev.antiphon.servers.Watchdog]).
@NullMarked
package dev.antiphon.servers;

import org.jspecify.annotations.NullMarked;
