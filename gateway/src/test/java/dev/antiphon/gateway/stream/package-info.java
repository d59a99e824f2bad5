/// The state machines with hand-written models behind their interfaces.
@NullMarked
package dev.antiphon.gateway.stream;

import org.jspecify.annotations.NullMarked;
