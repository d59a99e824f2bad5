package dev.antiphon.worker.provider;

import dev.antiphon.worker.provider.Capabilities.Continuation;
import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.Dialect.Sign;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.langchain4j.model.anthropic.AnthropicChatRequestParameters;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/// Anthropic's Messages.
public final class AnthropicProvider implements ModelProvider {

    public static final String NAME = "anthropic";

    public static final String BASE_URL = "https://api.anthropic.com/v1";

    private static final String DEFAULT_MODEL = "claude-sonnet-4-6";

    /// The service wants a bound; all its models of the last years can write as much.
    private static final int DEFAULT_MAX_TOKENS = 8_192;

    private final List<String> models;
    private final boolean reasoning;
    private final AnthropicStreamingChatModel model;
    private final LangChainCalls calls;

    /// Makes the provider; connects to nothing yet.
    public AnthropicProvider(
            ServiceSettings settings, CallLimits limits, StreamingTransport transport) {
        this.models = settings.modelsOr(DEFAULT_MODEL);
        this.reasoning = settings.reasoning();
        this.calls = new LangChainCalls(NAME, limits, AnthropicProvider::sign);
        // A server without a key behind one's own address: the library insists on some key.
        String key = settings.apiKey() == null ? "none" : settings.apiKey();
        AnthropicStreamingChatModel.AnthropicStreamingChatModelBuilder builder =
                AnthropicStreamingChatModel.builder()
                        .httpClientBuilder(transport.asBuilder())
                        .baseUrl(settings.baseUrl())
                        .apiKey(key)
                        .customHeaders(Map.of("User-Agent", "antiphon"))
                        .returnThinking(true)
                        .sendThinking(true);
        if (reasoning) {
            builder.thinkingType("adaptive").thinkingDisplay("summarized");
        }
        this.model = builder.build();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> models() {
        return models;
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(true, true, true, true, Continuation.RESTART);
    }

    @Override
    public boolean joinsPieces() {
        return true;
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        AnthropicChatRequestParameters.Builder parameters =
                AnthropicChatRequestParameters.builder();
        LangChainCalls.fill(parameters, call, models);
        parameters.temperature(temperature(call));
        parameters.maxOutputTokens(
                call.maxTokens() == null ? DEFAULT_MAX_TOKENS : call.maxTokens());
        return calls.stream(model, calls.request(call, parameters.build()), call, sink);
    }

    /// The service knows 0 to 1, and none while it thinks.
    private @Nullable Double temperature(ModelCall call) {
        Double asked = call.temperature();
        return asked == null || reasoning ? null : Math.min(asked, 1);
    }

    static Sign sign(@Nullable String event, String data) {
        if ("message_stop".equals(event)) {
            return new Sign.End();
        }
        Sign failure = Signs.failure(event, data);
        return failure == null ? new Sign.Part() : failure;
    }
}
