/// Checks a chaos run's history against the invariants of ARCHITECTURE.md, after the run and without other knowledge.
@NullMarked
package dev.antiphon.chaos.check;

import org.jspecify.annotations.NullMarked;
