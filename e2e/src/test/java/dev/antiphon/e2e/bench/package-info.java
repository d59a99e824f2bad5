/// The benchmark on a real system.
@NullMarked
package dev.antiphon.e2e.bench;

import org.jspecify.annotations.NullMarked;
