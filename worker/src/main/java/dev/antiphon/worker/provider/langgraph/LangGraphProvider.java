package dev.antiphon.worker.provider.langgraph;

import dev.antiphon.worker.provider.Capabilities;
import dev.antiphon.worker.provider.Capabilities.Continuation;
import dev.antiphon.worker.provider.FailureText;
import dev.antiphon.worker.provider.Leftover;
import dev.antiphon.worker.provider.ModelAnswer;
import dev.antiphon.worker.provider.ModelCall;
import dev.antiphon.worker.provider.ModelProvider;
import dev.antiphon.worker.provider.ProviderFailure;
import dev.antiphon.worker.provider.TokenSink;
import dev.antiphon.worker.provider.http.CallLimits;
import dev.antiphon.worker.provider.http.StreamingTransport;
import dev.antiphon.worker.time.Time;

import java.util.List;

/// Runs messages on a LangGraph server. A session is a thread there, which remembers the conversation, so only what the
/// user says now is sent. The graph's tools run there and are shown here.
public final class LangGraphProvider implements ModelProvider {

    public static final String NAME = "langgraph";

    private final LangGraphSettings settings;
    private final CallLimits limits;
    private final StreamingTransport transport;
    private final LangGraphServer server;
    private final FailureText failures = new FailureText(NAME);
    private final Time time;

    /// Makes the provider; connects to nothing yet.
    public LangGraphProvider(
            LangGraphSettings settings,
            CallLimits limits,
            StreamingTransport transport,
            Time time) {
        this.settings = settings;
        this.limits = limits;
        this.transport = transport;
        this.server = new LangGraphServer(settings, transport, time);
        this.time = time;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> models() {
        return List.of(settings.assistant());
    }

    /// Tools are the graph's own.
    @Override
    public Capabilities capabilities() {
        return new Capabilities(true, false, true, true, Continuation.REATTACH, true);
    }

    @Override
    public boolean joinsPieces() {
        return true;
    }

    @Override
    public boolean cleanUp(Leftover left) throws InterruptedException {
        return server.cleanUp(left);
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        String named = call.model();
        String assistant = named == null ? settings.assistant() : named;
        return new RemoteRun(server, transport, limits, failures, time, assistant, call, sink)
                .follow();
    }
}
