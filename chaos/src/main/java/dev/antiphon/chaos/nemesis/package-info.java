/// Injects the faults: chooses by a seed a fault and a process with an answer in flight, and heals it again.
@NullMarked
package dev.antiphon.chaos.nemesis;

import org.jspecify.annotations.NullMarked;
