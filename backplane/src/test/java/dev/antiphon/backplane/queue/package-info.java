/// The queue, on real nats-servers.
@NullMarked
package dev.antiphon.backplane.queue;

import org.jspecify.annotations.NullMarked;
