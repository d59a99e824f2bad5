/// From the session log to every browser that watches: pure state machines over interfaces (log, history, registry, an
/// {@link EventOutlet} per client, the {@link Loop}), so that the simulation can drive exactly this code.
///
/// One {@link Hub} per pod has one {@link Feed} per session that is watched here, and a feed has one {@link Subscriber}
/// per connection. Everything lives on one thread, the loop, and nothing here takes a lock; the only entrance for other
/// threads is the {@link Inbox}.
@NullMarked
package dev.antiphon.gateway.stream;

import org.jspecify.annotations.NullMarked;
