package dev.antiphon.api.model;

import dev.antiphon.protocol.Settings;
import dev.antiphon.time.Time;

/// What a worker gives to the factory of a provider.
///
/// @param environment the variables of the factory that are set
/// @param transport HTTP client for the service; closed by the worker
/// @param limits the operator's time limits for each call. The transport enforces them; a provider with a client of its
///     own must do so itself
/// @param time the clock. A provider must wait with it, so that tests can replace it
public record ProviderContext(
        Settings environment, ModelTransport transport, CallLimits limits, Time time) {}
