package example;

import dev.antiphon.api.model.ModelProviderFactory;
import dev.antiphon.testkit.ProviderConformance;
import dev.antiphon.testkit.Wire;

/// The tests that every provider must pass.
final class LarkspurProviderTest extends ProviderConformance {

    @Override
    protected Wire wire() {
        return new LarkspurWire();
    }

    @Override
    protected ModelProviderFactory factory() {
        return new LarkspurFactory();
    }
}
