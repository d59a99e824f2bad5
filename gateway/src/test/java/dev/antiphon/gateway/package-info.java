/// The gateway from its clients' view: real HTTP, real nats-server, real redis-server.
@NullMarked
package dev.antiphon.gateway;

import org.jspecify.annotations.NullMarked;
