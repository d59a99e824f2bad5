/// The launcher `antiphon` and its command `up` as a person runs them: real processes, judged by what
/// they print, how they exit and what they leave behind.
@NullMarked
package dev.antiphon.e2e.launcher;

import org.jspecify.annotations.NullMarked;
