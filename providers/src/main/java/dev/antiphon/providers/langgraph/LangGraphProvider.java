package dev.antiphon.providers.langgraph;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.time.Time;
import dev.antiphon.transport.FailureText;
import dev.antiphon.transport.StreamingTransport;

import java.util.List;

/// Runs messages on a LangGraph server. A session is a thread on the server, which remembers the conversation, so only
/// the user's new message is sent. The graph's tools run there and are shown in the answer.
public final class LangGraphProvider implements ModelProvider {

    public static final String NAME = "langgraph";

    private final LangGraphSettings settings;
    private final CallLimits limits;
    private final StreamingTransport transport;
    private final LangGraphServer server;
    private final FailureText failures = new FailureText(NAME);
    private final Time time;

    /// Creates the provider; connects to nothing yet.
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

    /// The name of the thread that stores a session's conversation on the server.
    ///
    /// @param incarnation of the session, as in {@link ModelCall.Asker}
    public static String thread(SessionId session, String incarnation) {
        return LangGraphServer.thread(session, incarnation).toString();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> models() {
        return List.of(settings.assistant());
    }

    /// The graph has its own tools.
    @Override
    public Capabilities capabilities() {
        return Capabilities.of(
                Continuation.REATTACH,
                Feature.REASONING,
                Feature.USAGE,
                Feature.CANCEL,
                Feature.KEEPS_CONVERSATION);
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
