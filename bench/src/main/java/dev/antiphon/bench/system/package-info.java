/// The systems that are measured: Antiphon, and its peers from packages. Each has its own processes, Redis and NATS, so
/// that its CPU and memory can be measured apart from those of the others.
@NullMarked
package dev.antiphon.bench.system;

import org.jspecify.annotations.NullMarked;
