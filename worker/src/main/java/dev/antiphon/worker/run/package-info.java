/// Runs: from a delivery to a claimed message to a finished answer. One virtual thread per run, straight-line
/// code; what crosses the process goes through the backplane's interfaces, so that the simulation can drive
/// it. Allowed imports: protocol, backplane, worker.provider.
@NullMarked
package dev.antiphon.worker.run;

import org.jspecify.annotations.NullMarked;
