package dev.antiphon.api.model;

import java.util.List;

/// A provider that passes every call to another provider. Base class for providers that add something to each call,
/// such as retries.
public abstract class ForwardingProvider implements ModelProvider {

    /// The provider that receives the calls.
    protected final ModelProvider provider;

    /// Wraps a provider.
    ///
    /// @param provider receives the calls
    protected ForwardingProvider(ModelProvider provider) {
        this.provider = provider;
    }

    @Override
    public String name() {
        return provider.name();
    }

    @Override
    public List<String> models() {
        return provider.models();
    }

    @Override
    public Capabilities capabilities() {
        return provider.capabilities();
    }

    @Override
    public boolean joinsPieces() {
        return provider.joinsPieces();
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        return provider.stream(call, sink);
    }

    @Override
    public boolean cleanUp(Leftover left) throws InterruptedException {
        return provider.cleanUp(left);
    }
}
