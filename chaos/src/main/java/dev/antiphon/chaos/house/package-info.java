/// The house that is struck: real servers, and workers and gateways as processes, each with proxies of its own to Redis
/// and NATS. Allowed imports: the JDK, servers, Lettuce, Jackson.
@NullMarked
package dev.antiphon.chaos.house;

import org.jspecify.annotations.NullMarked;
