/// The launcher `antiphon` and its command `up` as a user runs them: real processes, judged by their output, their exit
/// codes and the files that they leave behind.
@NullMarked
package dev.antiphon.e2e.launcher;

import org.jspecify.annotations.NullMarked;
