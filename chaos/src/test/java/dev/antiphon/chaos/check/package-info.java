/// Proves the checker: it reports the violations in a changed history, and nothing else.
@NullMarked
package dev.antiphon.chaos.check;

import org.jspecify.annotations.NullMarked;
