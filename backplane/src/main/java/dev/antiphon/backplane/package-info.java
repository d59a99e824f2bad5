/// All communication between processes: the session log in Redis (the truth), the request queue in JetStream, the
/// doorbell over core NATS, the registry of connections. One {@link Backplane} opens the two connections and hands out
/// the four.
@NullMarked
package dev.antiphon.backplane;

import org.jspecify.annotations.NullMarked;
