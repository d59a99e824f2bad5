package dev.antiphon.providers;

import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.testkit.AnthropicWire;
import dev.antiphon.testkit.GeminiWire;
import dev.antiphon.testkit.OllamaWire;
import dev.antiphon.testkit.OpenAiWire;
import dev.antiphon.testkit.ProviderConformance;
import dev.antiphon.testkit.ResponsesWire;
import dev.antiphon.testkit.Wire;

import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs the conformance tests for each of our providers.
@ParameterizedClass
@MethodSource("dev.antiphon.testkit.Wire#all")
final class ConformanceTest extends ProviderConformance {

    private final Wire wire;

    ConformanceTest(Wire wire) {
        this.wire = wire;
    }

    @Override
    protected Wire wire() {
        return wire;
    }

    @Override
    protected ModelProviderFactory factory() {
        return switch (wire) {
            case OpenAiWire _, ResponsesWire _ -> new OpenAiFactory();
            case AnthropicWire _ -> new AnthropicFactory();
            case GeminiWire _ -> new GeminiFactory();
            case OllamaWire _ -> new OllamaFactory();
            default -> throw new IllegalArgumentException("no provider speaks " + wire);
        };
    }
}
