/// The whole product during faults.
@NullMarked
package dev.antiphon.e2e.chaos;

import org.jspecify.annotations.NullMarked;
