package dev.antiphon.providers;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.testkit.AnthropicWire;
import dev.antiphon.testkit.GeminiWire;
import dev.antiphon.testkit.OllamaWire;
import dev.antiphon.testkit.OpenAiWire;
import dev.antiphon.testkit.ResponsesWire;
import dev.antiphon.testkit.Wire;
import dev.antiphon.transport.StreamingTransport;

/// The provider for each wire.
final class WireProviders {

    private WireProviders() {}

    static ModelProvider open(
            Wire wire, ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        return switch (wire) {
            case OpenAiWire _ -> OpenAiFactory.open(settings, limits, transport);
            case ResponsesWire _ -> new ResponsesProvider(settings, false, limits, transport);
            case AnthropicWire _ -> AnthropicFactory.open(settings, limits, transport);
            case GeminiWire _ -> GeminiFactory.open(settings, limits, transport);
            case OllamaWire _ -> OllamaFactory.open(settings, limits, transport);
            default -> throw new IllegalArgumentException("no provider speaks " + wire);
        };
    }
}
