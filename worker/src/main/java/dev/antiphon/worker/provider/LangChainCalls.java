package dev.antiphon.worker.provider;

import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.RequestContext.Turn;
import dev.antiphon.worker.provider.http.Breakage;
import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.Dialect;
import dev.antiphon.worker.provider.http.StreamCall;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// Calls the streaming models of LangChain4j for one provider: what is the same for every service that it speaks to.
/// The models must send through {@link dev.antiphon.worker.provider.http.StreamingTransport}.
final class LangChainCalls {

    /// Characters of an answer, its reasoning included. LangChain4j holds the answer in memory until it ends; five minutes
    /// of the fastest models are half of it.
    private static final int MAX_ANSWER = 2 << 20;

    private final FailureText failures;
    private final CallLimits limits;
    private final Dialect dialect;

    /// Takes what the calls of one provider share.
    ///
    /// @param provider its name, for messages
    LangChainCalls(String provider, CallLimits limits, Dialect dialect) {
        this.failures = new FailureText(provider);
        this.limits = limits;
        this.dialect = dialect;
    }

    /// The turns in LangChain4j's form, the system prompt first.
    ///
    /// @throws ProviderFailure when a turn has a role that models do not know
    static List<ChatMessage> messages(ModelCall call) throws ProviderFailure {
        List<ChatMessage> messages = new ArrayList<>();
        String system = call.systemPrompt();
        if (system != null && !system.isBlank()) {
            messages.add(SystemMessage.from(system));
        }
        for (Turn turn : call.turns()) {
            messages.add(message(turn));
        }
        return messages;
    }

    private static ChatMessage message(Turn turn) throws ProviderFailure {
        return switch (turn.role()) {
            case "user" -> UserMessage.from(turn.content());
            case "assistant" -> AiMessage.from(turn.content());
            case "system" -> SystemMessage.from(turn.content());
            default ->
                    throw new ProviderFailure(
                            ErrorCode.INVALID_FIELD,
                            "The role of a turn in conversation_history must be user, assistant or system.",
                            null);
        };
    }

    /// Streams one answer. Blocks the calling thread until it is complete.
    ///
    /// @param call what `request` was made of
    /// @throws ProviderFailure as {@link ModelProvider#stream}
    /// @throws InterruptedException as {@link ModelProvider#stream}
    ModelAnswer stream(
            StreamingChatModel model, ChatRequest request, ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        StreamCall stream = new StreamCall(limits, dialect);
        Relay relay = new Relay(stream, sink);
        stream.run(() -> model.chat(request, relay));
        relay.throwWhatTheSinkThrew();
        if (stream.wasInterrupted()) {
            throw new InterruptedException("interrupted while the model answered");
        }
        ChatResponse response = relay.response;
        if (response == null || !isWhole(response, stream)) {
            Breakage why = stream.breakage().orElseGet(Breakage.Cut::new);
            throw failures.of(why, call.model(), stream.hasAnswered());
        }
        return answer(response, call);
    }

    /// Either mark will do, for servers leave out one or the other. An end without anything before it is none: that is
    /// how some end a stream that failed.
    private static boolean isWhole(ChatResponse response, StreamCall stream) {
        return response.finishReason() != null || (stream.hasEnded() && stream.hasAnswered());
    }

    private ModelAnswer answer(ChatResponse response, ModelCall call) throws ProviderFailure {
        FinishReason reason = response.finishReason();
        if (reason == FinishReason.CONTENT_FILTER) {
            throw failures.filtered();
        }
        if (reason == FinishReason.TOOL_EXECUTION) {
            throw failures.unknownTool();
        }
        Completion completion =
                new Completion(
                        modelName(response, call),
                        tokens(response.tokenUsage()),
                        reason == FinishReason.LENGTH
                                ? Completion.FinishReason.LENGTH
                                : Completion.FinishReason.STOP);
        return new ModelAnswer("", completion);
    }

    /// As the service names what has answered, for an alias may mean another model every month.
    private static String modelName(ChatResponse response, ModelCall call) {
        String answered = response.modelName();
        String asked = call.model();
        return answered != null ? answered : asked != null ? asked : "";
    }

    /// The tokens of the answer, reasoning included, as the service counted them.
    private static @Nullable Integer tokens(@Nullable TokenUsage usage) {
        return usage == null ? null : usage.outputTokenCount();
    }

    /// Takes what LangChain4j parses out of the stream. It calls on the call's thread and swallows what is thrown here, so
    /// that is kept.
    private static final class Relay implements StreamingChatResponseHandler {

        private final StreamCall stream;
        private final TokenSink sink;
        private int length;
        private @Nullable InterruptedException interrupt;
        private @Nullable RuntimeException broken;
        private @Nullable ChatResponse response;

        Relay(StreamCall stream, TokenSink sink) {
            this.stream = stream;
            this.sink = sink;
        }

        private interface Piece {
            void write() throws InterruptedException;
        }

        @Override
        public void onPartialResponse(String text) {
            pass(text, () -> sink.content(text));
        }

        @Override
        public void onPartialThinking(PartialThinking thinking) {
            pass(thinking.text(), () -> sink.reasoning(thinking.text()));
        }

        private void pass(String text, Piece piece) {
            if (interrupt != null || broken != null) {
                return; // the second half of an event whose first half was not taken
            }
            stream.answering();
            length += text.length();
            if (length > MAX_ANSWER) {
                stream.broke(new Breakage.AnswerTooLong());
                return;
            }
            try {
                piece.write();
            } catch (InterruptedException e) {
                interrupt = e;
                stream.stop();
            } catch (RuntimeException e) {
                broken = e;
                stream.stop();
            }
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

        void throwWhatTheSinkThrew() throws InterruptedException {
            if (interrupt != null) {
                throw interrupt;
            }
            if (broken != null) {
                throw broken;
            }
        }
    }
}
