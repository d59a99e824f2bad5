package dev.antiphon.providers;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.FailureText;
import dev.antiphon.transport.StreamCall;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/// A provider whose requests are written by a streaming model of LangChain4j; the common part of all of them. We read
/// the answers ourselves ({@link AnswerFormat}).
final class LangChainProvider implements ModelProvider {

    /// The `User-Agent` of every request.
    static final Map<String, String> HEADERS = Map.of("User-Agent", "antiphon");

    /// How often a request is changed because the service refuses a parameter: once for each parameter that can
    /// be refused.
    private static final int MAX_CHANGES = 2;

    private final String name;
    private final List<String> models;
    private final StreamingChatModel model;
    private final Function<ModelCall, DefaultChatRequestParameters.Builder<?>> parameters;
    private final Supplier<AnswerFormat> format;
    private final RequestFitting fitting;
    private final boolean separates;
    private final CallLimits limits;
    private final FailureText failures;
    private final LangChainTurns turns;

    /// Creates the provider of one service.
    ///
    /// @param model sends through {@link dev.antiphon.transport.StreamingTransport}
    /// @param parameters creates the parameters of a call's request, in the model's own form; {@link #fill} helps
    /// @param format the wire format of the service's answers
    /// @param fitting adapts requests to parameters that the service refuses
    /// @param settings of the service
    LangChainProvider(
            String name,
            List<String> models,
            StreamingChatModel model,
            Function<ModelCall, DefaultChatRequestParameters.Builder<?>> parameters,
            Supplier<AnswerFormat> format,
            RequestFitting fitting,
            ServiceSettings settings,
            CallLimits limits) {
        this.name = name;
        this.models = models;
        this.model = model;
        this.parameters = parameters;
        this.format = format;
        this.fitting = fitting;
        this.separates = settings.thinkTags();
        this.limits = limits;
        this.failures = new FailureText(name);
        this.turns = new LangChainTurns(name);
    }

    /// Sets the request parameters that all services accept.
    ///
    /// @param models the first is used when the call names none; empty to send no name in that case
    static <B extends DefaultChatRequestParameters.Builder<B>> B fill(
            B parameters, ModelCall call, List<String> models) {
        String own = models.isEmpty() ? null : models.getFirst();
        return parameters
                .modelName(call.model() == null ? own : call.model())
                .temperature(call.temperature())
                .maxOutputTokens(call.maxTokens())
                .toolSpecifications(LangChainTools.of(call));
    }

    /// The key for a library that requires one: a private server can have none.
    static String someKey(ServiceSettings settings) {
        return settings.apiKey() == null ? "none" : settings.apiKey();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<String> models() {
        return models;
    }

    @Override
    public Capabilities capabilities() {
        return Capabilities.of(
                Continuation.RESTART,
                Feature.REASONING,
                Feature.TOOLS,
                Feature.USAGE,
                Feature.CANCEL);
    }

    @Override
    public boolean joinsPieces() {
        return true;
    }

    @Override
    public ModelAnswer stream(ModelCall given, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        ModelCall call = TurnOrder.of(given);
        ChatRequest request =
                ChatRequest.builder()
                        .messages(turns.messages(call))
                        .parameters(parameters.apply(call).build())
                        .build();
        IncomingAnswer answer = asked(request, call, sink);
        for (int more = 0; more < MAX_CHANGES && isChanged(call, answer.stream()); more++) {
            answer = asked(request, call, sink);
        }
        return answer.whole(call, turns, failures);
    }

    private IncomingAnswer asked(ChatRequest request, ModelCall call, TokenSink sink)
            throws InterruptedException {
        IncomingAnswer answer = new IncomingAnswer(format.get(), sink, separates, limits);
        StreamCall stream = answer.stream();
        stream.rewriting(body -> fitting.fit(call, body));
        LangChainHttp.within(stream, () -> model.chat(request, UNHEARD));
        answer.throwWhatTheSinkThrew();
        if (stream.wasInterrupted()) {
            throw new InterruptedException("interrupted while the model answered");
        }
        answer.end();
        return answer;
    }

    /// Whether the service refused a parameter that the next request will not have.
    private boolean isChanged(ModelCall call, StreamCall stream) {
        return stream.breakage().orElse(null) instanceof Breakage.Refused(int status, _, _)
                && (status == 400 || status == 422)
                && fitting.learn(call, stream.refusal());
    }

    /// Ignores the library's events: the {@link IncomingAnswer} takes them.
    private static final StreamingChatResponseHandler UNHEARD =
            new StreamingChatResponseHandler() {
                @Override
                public void onCompleteResponse(ChatResponse whole) {}

                @Override
                public void onError(Throwable error) {}
            };
}
