/// What was said in each session, for as long as it is kept: filled from the log, read by who begins anew.
@NullMarked
package dev.antiphon.backplane.history;

import org.jspecify.annotations.NullMarked;
