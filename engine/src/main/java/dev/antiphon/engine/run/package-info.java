/// Runs: from a delivery to a claimed message to a finished answer. Each run has one virtual thread and blocking code.
/// All communication uses the backplane's interfaces, so that the simulation can run it.
@NullMarked
package dev.antiphon.engine.run;

import org.jspecify.annotations.NullMarked;
