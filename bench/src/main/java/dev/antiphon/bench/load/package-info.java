/// Loads: who asks, when, and how often. A load counts only while it is told to, so that a window of time and the CPU that
/// the systems use in it belong together.
@NullMarked
package dev.antiphon.bench.load;

import org.jspecify.annotations.NullMarked;
