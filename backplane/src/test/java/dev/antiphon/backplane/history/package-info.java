/// The conversations, on a real Redis.
@NullMarked
package dev.antiphon.backplane.history;

import org.jspecify.annotations.NullMarked;
