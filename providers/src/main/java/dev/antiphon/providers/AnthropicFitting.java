package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.protocol.Json;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import tools.jackson.databind.node.ObjectNode;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The `max_tokens` that Anthropic requires, for requests that set none: as much as the model accepts.
final class AnthropicFitting implements RequestFitting {

    private static final Logger LOG = LoggerFactory.getLogger(AnthropicFitting.class);

    /// All models since Claude 3.5 accept this many.
    static final int DEFAULT_MAX_TOKENS = 8_192;

    /// Earlier models accept half as many.
    private static final int OLD_MAX_TOKENS = 4_096;

    private static final Pattern OLD_MODEL =
            Pattern.compile("claude-(3-(opus|sonnet|haiku)|2|instant)");

    /// `max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens for …`
    private static final Pattern TOO_MANY = Pattern.compile("max_tokens: \\d+ > (\\d{1,9})\\b");

    /// Users can name any model. Beyond this many, the model that was learned first is forgotten, and learned again
    /// when needed.
    private static final int MAX_LEARNED = 256;

    private final String defaultModel;

    /// The limits of the models, learned from refusals. Guarded by itself.
    private final Map<String, Integer> learned = new LinkedHashMap<>();

    AnthropicFitting(String defaultModel) {
        this.defaultModel = defaultModel;
    }

    private String model(ModelCall call) {
        return call.model() == null ? defaultModel : call.model();
    }

    private int most(String model) {
        synchronized (learned) {
            Integer most = learned.get(model);
            return most != null ? most : standard(model);
        }
    }

    private static int standard(String model) {
        return OLD_MODEL.matcher(model).find() ? OLD_MAX_TOKENS : DEFAULT_MAX_TOKENS;
    }

    @Override
    public String fit(ModelCall call, String body) {
        if (call.maxTokens() != null) {
            return body;
        }
        ObjectNode request = Json.ofService(body);
        request.put("max_tokens", most(model(call)));
        return request.toString();
    }

    @Override
    public boolean learn(ModelCall call, String refusal) {
        Matcher tooMany = TOO_MANY.matcher(refusal);
        String model = model(call);
        if (call.maxTokens() != null || !tooMany.find()) {
            return false;
        }
        int allowed = Integer.parseInt(tooMany.group(1));
        synchronized (learned) {
            if (allowed < 1 || allowed >= most(model)) {
                return false;
            }
            learned.put(model, allowed);
            if (learned.size() > MAX_LEARNED) {
                learned.remove(learned.keySet().iterator().next());
            }
        }
        LOG.atInfo()
                .addKeyValue("model", model)
                .addKeyValue("max_tokens", allowed)
                .log("a model needs a lower default of max_tokens");
        return true;
    }
}
