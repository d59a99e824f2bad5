/// The state machines under hand-written models of their seams.
@NullMarked
package dev.antiphon.gateway.stream;

import org.jspecify.annotations.NullMarked;
