/// Who strikes: chooses by a seed what to do to which process while it has an answer in flight, and heals it again.
@NullMarked
package dev.antiphon.chaos.nemesis;

import org.jspecify.annotations.NullMarked;
