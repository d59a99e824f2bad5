/// Runs: from a delivery to a claimed message to a finished answer. One virtual thread per run, straight-line code;
/// what crosses the process goes through the backplane's interfaces, so that the simulation can drive it.
@NullMarked
package dev.antiphon.engine.run;

import org.jspecify.annotations.NullMarked;
