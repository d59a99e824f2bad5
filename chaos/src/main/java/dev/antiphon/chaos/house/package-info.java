/// The house that is struck: real servers, and workers and gateways as processes, each with proxies of its own to
/// Redis and NATS.
@NullMarked
package dev.antiphon.chaos.house;

import org.jspecify.annotations.NullMarked;
