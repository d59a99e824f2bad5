package dev.antiphon.providers;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Leftover;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.transport.StreamingTransport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// OpenAI in the best protocol that the account, the model and the server accept: Responses in background mode, else
/// Responses, else Chat Completions.
///
/// A protocol counts as refused if the service says so and the next protocol brings the answer. This is remembered
/// for the model until the worker ends, with one warning; the answer that discovers it costs one or two refused
/// requests more.
public final class OpenAiFallback implements ModelProvider {

    private static final Logger LOG = LoggerFactory.getLogger(OpenAiFallback.class);

    /// Users can name any model. Beyond this many, the least recently used model starts again with the best protocol.
    private static final int MAX_MODELS = 256;

    private final OpenAiApi best;
    private final ResponsesProvider background;
    private final ResponsesProvider responses;
    private final ModelProvider chat;

    /// Guarded by itself; in order of use.
    private final Map<String, OpenAiApi> taken = new LinkedHashMap<>(16, 0.75f, true);

    /// Creates the provider; connects to nothing yet.
    ///
    /// @param best the protocol that is tried first
    public OpenAiFallback(
            ServiceSettings settings,
            OpenAiApi best,
            CallLimits limits,
            StreamingTransport transport) {
        this.best = best;
        this.background = new ResponsesProvider(settings, true, limits, transport);
        this.responses = new ResponsesProvider(settings, false, limits, transport);
        this.chat = OpenAiFactory.open(settings, limits, transport);
    }

    @Override
    public String name() {
        return OpenAiFactory.NAME;
    }

    @Override
    public List<String> models() {
        return chat.models();
    }

    /// The capabilities of the best protocol. An answer in another protocol is stored nowhere, so it starts again.
    @Override
    public Capabilities capabilities() {
        return best == OpenAiApi.BACKGROUND
                ? background.capabilities()
                : best == OpenAiApi.RESPONSES ? responses.capabilities() : chat.capabilities();
    }

    @Override
    public boolean joinsPieces() {
        return true;
    }

    @Override
    public boolean cleanUp(Leftover left) throws InterruptedException {
        return background.cleanUp(left);
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        String model = call.model() == null ? "" : call.model();
        OpenAiApi known = takenFor(model);
        if (known != OpenAiApi.BACKGROUND && call.kept() != null) {
            sink.reset(); // only a background answer can be continued
        }
        for (OpenAiApi api = known; ; ) {
            OpenAiRefusal refusal = new OpenAiRefusal();
            try {
                ModelAnswer answer = ask(api, call, sink, refusal);
                if (api != known) {
                    remember(model, api);
                }
                return answer;
            } catch (ProviderFailure e) {
                Optional<OpenAiApi> below = refusal.below(api);
                if (below.isEmpty()) {
                    throw e;
                }
                api = below.get();
            }
        }
    }

    private ModelAnswer ask(OpenAiApi api, ModelCall call, TokenSink sink, OpenAiRefusal refusal)
            throws ProviderFailure, InterruptedException {
        return switch (api) {
            case BACKGROUND -> background.stream(call, sink, refusal);
            case RESPONSES -> responses.stream(call, sink, refusal);
            case CHAT -> chat.stream(call, sink);
        };
    }

    private OpenAiApi takenFor(String model) {
        synchronized (taken) {
            return taken.getOrDefault(model, best);
        }
    }

    private void remember(String model, OpenAiApi api) {
        synchronized (taken) {
            if (api.equals(taken.put(model, api))) {
                return; // another call discovered it at the same time
            }
            if (taken.size() > MAX_MODELS) {
                taken.remove(taken.keySet().iterator().next());
            }
        }
        LOG.atWarn()
                .addKeyValue("model", model)
                .addKeyValue("tried", best)
                .addKeyValue("uses", api)
                .log("the service refused the OpenAI protocol, using another; set CHAT_OPENAI_API");
    }
}
