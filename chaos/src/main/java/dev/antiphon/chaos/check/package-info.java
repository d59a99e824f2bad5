/// Judges a chaos run's history by the invariants of ARCHITECTURE.md, after the fact and knowing nothing else.
@NullMarked
package dev.antiphon.chaos.check;

import org.jspecify.annotations.NullMarked;
