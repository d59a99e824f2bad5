/// What happened in a chaos run, as it was seen from outside: one JSON object a line, gzipped. It is all that the
/// checker knows.
@NullMarked
package dev.antiphon.chaos.history;

import org.jspecify.annotations.NullMarked;
