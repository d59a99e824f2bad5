/// Assembles the processes: `up` and its supervisor, `gateway`, `worker`. The bash launcher `antiphon` finds a JDK,
/// builds, and calls [dev.antiphon.cli.Antiphon]; what needs no JDK (installing servers, running the checks) stays
/// there.
@NullMarked
package dev.antiphon.cli;

import org.jspecify.annotations.NullMarked;
