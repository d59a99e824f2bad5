package dev.antiphon.providers;

import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.api.model.ProviderContext;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// Creates the provider `demo`, which every worker has.
public final class DemoFactory implements ModelProviderFactory {

    /// The pause between two chunks.
    public static final String DELAY = "CHAT_DEMO_DELAY";

    /// The words per chunk, 1 to 1,000.
    public static final String WORDS = "CHAT_DEMO_WORDS";

    // Of the contract, PROTOCOL.md §6.
    static final Duration DEFAULT_DELAY = Duration.ofMillis(100);
    static final int DEFAULT_WORDS = 3;

    @Override
    public Set<String> variables() {
        return Set.of(DELAY, WORDS);
    }

    @Override
    public Optional<ModelProvider> create(ProviderContext context) {
        return Optional.of(
                new DemoProvider(
                        context.environment().duration(DELAY, DEFAULT_DELAY),
                        context.environment().number(WORDS, DEFAULT_WORDS, 1, 1_000),
                        context.time()));
    }
}
