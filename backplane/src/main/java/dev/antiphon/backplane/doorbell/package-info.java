/// Tells pods that entries were appended. Core NATS may lose a ring; the reader sees a gap in the numbers and reads
/// the log.
@NullMarked
package dev.antiphon.backplane.doorbell;

import org.jspecify.annotations.NullMarked;
