/// Assembles the processes: `up` and its supervisor, `gateway`, `worker`. The bash launcher `antiphon` finds a JDK,
/// builds, and calls [dev.antiphon.cli.Antiphon]; the parts that need no JDK (installing servers, running the checks)
/// stay in the launcher.
@NullMarked
package dev.antiphon.cli;

import org.jspecify.annotations.NullMarked;
