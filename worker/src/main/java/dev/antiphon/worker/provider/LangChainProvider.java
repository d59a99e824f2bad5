package dev.antiphon.worker.provider;

import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Ids;
import dev.antiphon.worker.provider.Capabilities.Continuation;
import dev.antiphon.worker.provider.http.Breakage;
import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.Dialect;
import dev.antiphon.worker.provider.http.StreamCall;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.googleai.GoogleAiGeminiTokenUsage;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// A provider whose service is asked through a streaming model of LangChain4j: what is the same for all of those.
final class LangChainProvider implements ModelProvider {

    /// What every request says of who asks.
    static final Map<String, String> HEADERS = Map.of("User-Agent", "antiphon");

    private final String name;
    private final List<String> models;
    private final StreamingChatModel model;
    private final Function<ModelCall, DefaultChatRequestParameters.Builder<?>> parameters;
    private final Dialect dialect;
    private final CallLimits limits;
    private final FailureText failures;
    private final LangChainTurns turns;

    /// Makes the provider of one service.
    ///
    /// @param model sends through {@link dev.antiphon.worker.provider.http.StreamingTransport}
    /// @param parameters makes those of a call's request, in the model's own form; {@link #fill} helps
    /// @param dialect how the service marks ends and errors
    LangChainProvider(
            String name,
            List<String> models,
            StreamingChatModel model,
            Function<ModelCall, DefaultChatRequestParameters.Builder<?>> parameters,
            Dialect dialect,
            CallLimits limits) {
        this.name = name;
        this.models = models;
        this.model = model;
        this.parameters = parameters;
        this.dialect = dialect;
        this.limits = limits;
        this.failures = new FailureText(name);
        this.turns = new LangChainTurns(name);
    }

    /// Puts what all services take into the parameters of one's request.
    ///
    /// @param models the first is asked when the call names none; empty to name none either
    static <B extends DefaultChatRequestParameters.Builder<B>> B fill(
            B parameters, ModelCall call, List<String> models) {
        String own = models.isEmpty() ? null : models.getFirst();
        return parameters
                .modelName(call.model() == null ? own : call.model())
                .temperature(call.temperature())
                .maxOutputTokens(call.maxTokens())
                .toolSpecifications(LangChainTools.of(call));
    }

    /// The key of a service whose library insists on one: a server behind one's own address may have none.
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
        return new Capabilities(true, true, true, true, Continuation.RESTART);
    }

    @Override
    public boolean joinsPieces() {
        return true;
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        ChatRequest request =
                ChatRequest.builder()
                        .messages(turns.messages(call))
                        .parameters(parameters.apply(call).build())
                        .build();
        StreamCall stream = new StreamCall(limits, dialect);
        Relay relay = new Relay(stream, sink);
        stream.run(() -> model.chat(request, relay));
        relay.outlet.throwWhatTheSinkThrew();
        if (stream.wasInterrupted()) {
            throw new InterruptedException("interrupted while the model answered");
        }
        ChatResponse response = relay.response;
        if (response == null || !isWhole(response, stream)) {
            Breakage why = stream.breakage().orElseGet(Breakage.Cut::new);
            throw failures.of(why, call.model(), stream.hasAnswered());
        }
        return answer(response, relay.calls(response), call);
    }

    /// Either mark will do, for servers leave out one or the other. An end without anything before it is none: that is
    /// how some end a stream that failed.
    private static boolean isWhole(ChatResponse response, StreamCall stream) {
        return response.finishReason() != null || (stream.hasEnded() && stream.hasAnswered());
    }

    private ModelAnswer answer(ChatResponse response, List<ToolCall> asked, ModelCall call)
            throws ProviderFailure {
        FinishReason reason = response.finishReason();
        if (reason == FinishReason.CONTENT_FILTER) {
            throw failures.filtered();
        }
        if (call.tools().isEmpty() && (reason == FinishReason.TOOL_EXECUTION || !asked.isEmpty())) {
            throw failures.unknownTool();
        }
        // A call that ran out of tokens has half its arguments.
        List<ToolCall> whole = reason == FinishReason.LENGTH ? List.of() : asked;
        Completion completion =
                new Completion(
                        modelName(response, call),
                        tokens(response.tokenUsage()),
                        reason == FinishReason.LENGTH
                                ? Completion.FinishReason.LENGTH
                                : Completion.FinishReason.STOP);
        return new ModelAnswer("", turns.turn(response.aiMessage(), whole), completion);
    }

    /// As the service names what has answered, for an alias may mean another model every month.
    private static String modelName(ChatResponse response, ModelCall call) {
        String answered = response.modelName();
        String asked = call.model();
        return answered != null ? answered : asked != null ? asked : "";
    }

    /// The tokens of the answer, reasoning included, as the service counted them. LangChain4j says zero where some services
    /// say nothing.
    private static @Nullable Integer tokens(@Nullable TokenUsage usage) {
        Integer tokens = usage == null ? null : usage.outputTokenCount();
        if (tokens == null || tokens == 0) {
            return null;
        }
        // Gemini counts them apart.
        Integer thoughts =
                usage instanceof GoogleAiGeminiTokenUsage gemini
                        ? gemini.thoughtsTokenCount()
                        : null;
        return thoughts == null ? tokens : Integer.valueOf(tokens + thoughts);
    }

    /// Takes what LangChain4j parses out of the stream. It calls on the call's thread and swallows what is thrown here, so
    /// that is kept.
    private static final class Relay implements StreamingChatResponseHandler {

        private final StreamCall stream;
        private final TokenSink sink;
        private final Map<Integer, String> minted = new HashMap<>();
        private final Set<Integer> told = new HashSet<>();
        private final Outlet outlet = new Outlet();
        private @Nullable ChatResponse response;

        Relay(StreamCall stream, TokenSink sink) {
            this.stream = stream;
            this.sink = sink;
        }

        @Override
        public void onPartialResponse(String text) {
            pass(text, () -> sink.content(text));
        }

        @Override
        public void onPartialThinking(PartialThinking thinking) {
            pass(thinking.text(), () -> sink.reasoning(thinking.text()));
        }

        @Override
        public void onPartialToolCall(PartialToolCall piece) {
            String id = id(piece.index(), piece.id());
            told.add(piece.index());
            pass(
                    piece.partialArguments(),
                    () -> sink.toolCall(id, piece.name(), piece.partialArguments()));
        }

        /// Some services, and calls without arguments, come whole.
        @Override
        public void onCompleteToolCall(CompleteToolCall whole) {
            if (told.add(whole.index())) {
                ToolExecutionRequest request = whole.toolExecutionRequest();
                String id = id(whole.index(), request.id());
                String arguments = arguments(request);
                pass(arguments, () -> sink.toolCall(id, request.name(), arguments));
            }
        }

        /// Some services number their calls only.
        private String id(int index, @Nullable String given) {
            return given != null && !given.isBlank()
                    ? given
                    : minted.computeIfAbsent(index, _ -> Ids.mint("call_"));
        }

        List<ToolCall> calls(ChatResponse whole) {
            List<ToolCall> calls = new ArrayList<>();
            for (ToolExecutionRequest each : whole.aiMessage().toolExecutionRequests()) {
                calls.add(new ToolCall(id(calls.size(), each.id()), each.name(), arguments(each)));
            }
            return calls;
        }

        private static String arguments(ToolExecutionRequest request) {
            String arguments = request.arguments();
            return arguments == null || arguments.isBlank() ? "{}" : arguments;
        }

        private void pass(String text, Outlet.Piece piece) {
            outlet.pass(stream, text, piece);
        }

        @Override
        public void onCompleteResponse(ChatResponse complete) {
            response = complete;
        }

        /// What the transport reports is known to the call already; the rest is what LangChain4j could not parse.
        @Override
        public void onError(Throwable error) {
            stream.broke(new Breakage.Malformed());
        }
    }
}
