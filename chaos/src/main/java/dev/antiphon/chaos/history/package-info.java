/// The events of a chaos run, as seen from outside: one JSON object per line, gzipped. The checker knows nothing else.
@NullMarked
package dev.antiphon.chaos.history;

import org.jspecify.annotations.NullMarked;
