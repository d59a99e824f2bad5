package dev.antiphon.providers;

import dev.antiphon.api.model.ModelCall;
import dev.antiphon.protocol.Json;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.Locale;
import java.util.regex.Pattern;

/// The parameters of Chat Completions on which servers disagree: the name of the answer's token limit, and whether the
/// request can ask for token counts.
final class OpenAiFitting implements RequestFitting {

    private static final Logger LOG = LoggerFactory.getLogger(OpenAiFitting.class);

    private static final String STREAM_OPTIONS = "stream_options";

    /// How servers complain about a parameter that they do not know, but not about one with an unaccepted value.
    private static final Pattern UNKNOWN =
            Pattern.compile(
                    "unsupported|not supported|unrecogni[sz]ed|unknown|unexpected|extra inputs"
                            + "|extra_forbidden|not permitted|not allowed|additional propert");

    private volatile ChatTokenLimit limit;
    private volatile boolean streamOptions;

    OpenAiFitting(ChatTokenLimit limit, boolean streamOptions) {
        this.limit = limit;
        this.streamOptions = streamOptions;
    }

    @Override
    public String fit(ModelCall call, String body) {
        ObjectNode request = Json.ofService(body);
        JsonNode most = request.remove(limit.other().field());
        if (most != null) {
            request.set(limit.field(), most);
        }
        if (!streamOptions) {
            request.remove(STREAM_OPTIONS);
        }
        return request.toString();
    }

    @Override
    public boolean learn(ModelCall call, String refusal) {
        String text = refusal.toLowerCase(Locale.ROOT);
        if (!UNKNOWN.matcher(text).find()) {
            return false;
        }
        if (streamOptions && text.contains(STREAM_OPTIONS)) {
            streamOptions = false;
            warn(STREAM_OPTIONS, "CHAT_OPENAI_STREAM_OPTIONS=false");
            return true;
        }
        ChatTokenLimit refused = limit;
        if (call.maxTokens() != null && text.contains(refused.field())) {
            limit = refused.other();
            warn(refused.field(), "CHAT_OPENAI_TOKEN_LIMIT=" + refused.other().field());
            return true;
        }
        return false;
    }

    private static void warn(String parameter, String setting) {
        LOG.atWarn()
                .addKeyValue("provider", OpenAiFactory.NAME)
                .addKeyValue("parameter", parameter)
                .addKeyValue("setting", setting)
                .log("a model service refused a parameter, no longer sending it");
    }
}
