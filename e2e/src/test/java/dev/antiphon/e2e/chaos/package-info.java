/// The whole product under fire.
@NullMarked
package dev.antiphon.e2e.chaos;

import org.jspecify.annotations.NullMarked;
