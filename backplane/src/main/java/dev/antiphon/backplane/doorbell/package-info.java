/// Tells pods about appended entries. Core NATS can lose a ring; the reader then sees a gap in the numbers and reads
/// the log.
@NullMarked
package dev.antiphon.backplane.doorbell;

import org.jspecify.annotations.NullMarked;
