/// The people: sessions with messages, and tabs that read them as an `EventSource` does and mend nothing.
@NullMarked
package dev.antiphon.chaos.load;

import org.jspecify.annotations.NullMarked;
