/// Real servers as child processes. `antiphon up` and every test run them, so that development, tests and
/// production have the same semantics. A child never outlives its JVM, not even if the JVM is killed with `kill -9`
/// (see [dev.antiphon.servers.Watchdog]).
@NullMarked
package dev.antiphon.servers;

import org.jspecify.annotations.NullMarked;
