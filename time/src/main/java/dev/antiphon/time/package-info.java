/// Time, threads and chance of a worker: the one seam through which its straight-line code waits, so that the
/// simulation can run it under a seeded scheduler.
@NullMarked
package dev.antiphon.time;

import org.jspecify.annotations.NullMarked;
