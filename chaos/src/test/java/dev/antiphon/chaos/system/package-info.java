@NullMarked
package dev.antiphon.chaos.system;

import org.jspecify.annotations.NullMarked;
