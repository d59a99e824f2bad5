@NullMarked
package dev.antiphon.chaos.house;

import org.jspecify.annotations.NullMarked;
