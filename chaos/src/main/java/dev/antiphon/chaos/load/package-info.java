/// The users: sessions with messages, and tabs that read them as an `EventSource` does, without repairing anything.
@NullMarked
package dev.antiphon.chaos.load;

import org.jspecify.annotations.NullMarked;
