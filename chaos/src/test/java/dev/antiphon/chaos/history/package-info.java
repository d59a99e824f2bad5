@NullMarked
package dev.antiphon.chaos.history;

import org.jspecify.annotations.NullMarked;
