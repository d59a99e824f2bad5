/// The conversation of each session, for as long as it is kept: filled from the log, read by clients that begin again.
@NullMarked
package dev.antiphon.backplane.history;

import org.jspecify.annotations.NullMarked;
