package dev.antiphon.bench.row;

import dev.antiphon.bench.client.Client;
import dev.antiphon.bench.system.ModelServer;

/// What all rows use.
///
/// @param model answers in the setting `MODEL`
public record Site(Client client, ModelServer model, Times times) {}
