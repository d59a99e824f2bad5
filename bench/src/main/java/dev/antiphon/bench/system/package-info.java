/// The systems that are measured: Antiphon, and its peers from packages. Each runs as processes of its own, with its own
/// Redis and NATS, so that its CPU and memory can be told from those of the others.
@NullMarked
package dev.antiphon.bench.system;

import org.jspecify.annotations.NullMarked;
