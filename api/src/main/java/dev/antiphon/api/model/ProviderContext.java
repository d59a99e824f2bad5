package dev.antiphon.api.model;

import dev.antiphon.protocol.Settings;
import dev.antiphon.time.Time;

/// What a worker gives to the factory of a provider.
///
/// @param environment those of the factory's variables that are set
/// @param transport the way to services; closed by the worker
/// @param limits of each call, as the operator has set them; the transport keeps them by itself
/// @param time the clock; a provider that waits uses it, so that tests can replace it
public record ProviderContext(
        Settings environment, ModelTransport transport, CallLimits limits, Time time) {}
