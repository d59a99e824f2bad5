package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.backplane.catalog.Offer;
import dev.antiphon.engine.run.Providers;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.List;

final class OffersTest {

    private record Named(String name, List<String> models) implements ModelProvider {
        @Override
        public Capabilities capabilities() {
            throw new AssertionError("not called");
        }

        @Override
        public boolean joinsPieces() {
            throw new AssertionError("not called");
        }

        @Override
        public ModelAnswer stream(ModelCall call, TokenSink sink) {
            throw new AssertionError("not called");
        }
    }

    private static List<String> offers(@Nullable String preferred, @Nullable String model) {
        Providers providers =
                new Providers(
                        List.of(
                                new Named("demo", List.of("demo-gpt")),
                                new Named("open", List.of("small", "large")),
                                new Named("local", List.of())),
                        preferred,
                        model);
        return Offers.models(providers).stream().map(Offer::details).map(Object::toString).toList();
    }

    @Test
    void everyProvidersModelsAreOfferedAndOneIsTheDefault() {
        assertThat(offers(null, null))
                .containsExactly(
                        "{\"provider\":\"demo\",\"model\":\"demo-gpt\",\"default\":false}",
                        "{\"provider\":\"open\",\"model\":\"small\",\"default\":true}",
                        "{\"provider\":\"open\",\"model\":\"large\",\"default\":false}",
                        "{\"provider\":\"local\",\"model\":null,\"default\":false}");
    }

    @Test
    void theOperatorsModelIsOfferedThoughTheProviderDoesNotListIt() {
        assertThat(offers("open", "huge"))
                .contains(
                        "{\"provider\":\"open\",\"model\":\"huge\",\"default\":true}",
                        "{\"provider\":\"open\",\"model\":\"small\",\"default\":false}");
        assertThat(offers("local", null))
                .contains("{\"provider\":\"local\",\"model\":null,\"default\":true}");
    }
}
