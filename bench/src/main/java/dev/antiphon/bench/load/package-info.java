/// Loads: which messages are sent, when, and how often. A load counts only during a window, so that what was counted and
/// the CPU that the systems used belong together.
@NullMarked
package dev.antiphon.bench.load;

import org.jspecify.annotations.NullMarked;
