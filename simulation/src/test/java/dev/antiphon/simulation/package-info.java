/// The real run classes of the worker and the real stream classes of the gateway in a world of models, under one
/// scheduler whose every choice comes from a seed: thousands of worlds a minute, each with its own faults.
/// {@link dev.antiphon.simulation.World} is the place to begin reading.
@NullMarked
package dev.antiphon.simulation;

import org.jspecify.annotations.NullMarked;
