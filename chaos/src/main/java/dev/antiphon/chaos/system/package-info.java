/// The system under test: real servers, and workers and gateways as processes, each with its own proxies to Redis
/// and NATS.
@NullMarked
package dev.antiphon.chaos.system;

import org.jspecify.annotations.NullMarked;
