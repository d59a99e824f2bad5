/// The worker's real run classes and the gateway's real stream classes in a world of models, under one scheduler
/// whose every choice comes from a seed: thousands of worlds a minute, each with its own faults. Start to read at
/// {@link dev.antiphon.simulation.World}.
@NullMarked
package dev.antiphon.simulation;

import org.jspecify.annotations.NullMarked;
