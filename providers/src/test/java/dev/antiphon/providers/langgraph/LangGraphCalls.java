package dev.antiphon.providers.langgraph;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelCall.Asker;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.protocol.Ids;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.time.Time;
import dev.antiphon.transport.StreamingTransport;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// Calls of the provider `langgraph` with one server, in their own session.
@SuppressWarnings("try") // if close is interrupted, the test has failed already
final class LangGraphCalls implements AutoCloseable {

    static final Duration LONG = Duration.ofSeconds(60);
    static final CallLimits PATIENT = new CallLimits(LONG, LONG, LONG, LONG);
    static final String INCARNATION = "1234";
    static final String KEY = "lsv2_secret";

    final SessionId session = new SessionId(Ids.mint("sess_"));
    private final StreamingTransport transport;
    private final LangGraphProvider provider;
    final LangGraphServer server;

    LangGraphCalls(String url) {
        this(url, PATIENT);
    }

    LangGraphCalls(String url, CallLimits limits) {
        transport = new StreamingTransport(limits.connect(), Time.system());
        LangGraphSettings settings = new LangGraphSettings(url, KEY, "agent");
        provider = new LangGraphProvider(settings, limits, transport, Time.system());
        server = new LangGraphServer(settings, transport, Time.system());
    }

    String thread() {
        return LangGraphProvider.thread(session, INCARNATION);
    }

    ModelCall call(String message, String text, List<String> answers) {
        return ModelCall.of(null, List.of(new ModelTurn.User("earlier"), new ModelTurn.User(text)))
                .askedBy(
                        new Asker(
                                session, INCARNATION, new MessageId(message), "answer.0", answers));
    }

    /// The same message for another graph, from the point where `before` was lost.
    static ModelCall with(
            ModelCall call, @Nullable String assistant, @Nullable RecordingSink before) {
        return new ModelCall(
                assistant,
                call.systemPrompt(),
                call.turns(),
                call.tools(),
                call.temperature(),
                call.maxTokens(),
                before == null || before.kept == null ? "" : before.text(),
                before == null ? null : before.asKept(),
                call.asker());
    }

    ModelAnswer stream(ModelCall call, RecordingSink sink)
            throws ProviderFailure, InterruptedException {
        return provider.stream(call, sink);
    }

    /// Streams on a thread of its own.
    Streaming start(ModelCall call, RecordingSink sink) {
        CompletableFuture<ModelAnswer> answer = new CompletableFuture<>();
        Thread thread =
                Thread.startVirtualThread(() -> {
                    try {
                        answer.complete(provider.stream(call, sink));
                    } catch (ProviderFailure | InterruptedException | RuntimeException e) {
                        answer.completeExceptionally(e);
                    }
                });
        return new Streaming(thread, answer);
    }

    record Streaming(Thread thread, CompletableFuture<ModelAnswer> answer) {

        /// Why it ended without an answer.
        Throwable failure() throws Exception {
            try {
                ModelAnswer unexpected = answer.get(LONG.toSeconds(), TimeUnit.SECONDS);
                throw new AssertionError("it answered: " + unexpected);
            } catch (ExecutionException e) {
                return Objects.requireNonNull(e.getCause());
            }
        }
    }

    @Override
    public void close() {
        transport.close();
    }
}
