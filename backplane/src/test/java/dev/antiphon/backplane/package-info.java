/// The backplane on real servers: each test class starts its own on free ports.
@NullMarked
package dev.antiphon.backplane;

import org.jspecify.annotations.NullMarked;
