package example;

import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTransport.Read;
import dev.antiphon.api.model.ModelTransport.Request;
import dev.antiphon.api.model.ModelTransport;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ReportedError;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Json;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.net.URI;
import java.util.List;
import java.util.Map;

/// A model service over HTTP, invented for this example, that streams lines of JSON: `{"words": "Hel"}`,
/// `{"words": "lo"}`, `{"fin": "done", "spent": 12}`.
final class LarkspurProvider implements ModelProvider {

    private static final String MODEL = "lark-1";

    private final ModelTransport transport;
    private final URI url;
    private final String key;

    LarkspurProvider(ModelTransport transport, URI url, String key) {
        this.transport = transport;
        this.url = url;
        this.key = key;
    }

    @Override
    public String name() {
        return "larkspur";
    }

    @Override
    public List<String> models() {
        return List.of(MODEL);
    }

    @Override
    public Capabilities capabilities() {
        return Capabilities.of(Continuation.RESTART, Feature.USAGE, Feature.CANCEL);
    }

    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        String model = call.model() == null ? MODEL : call.model();
        Request request =
                Request.post(
                        url,
                        Map.of("Authorization", "Bearer " + key),
                        body(model, call).toString());
        Answer answer = new Answer(sink);
        transport.stream(this, call, request, answer);
        return new ModelAnswer(
                "",
                new ModelTurn.Assistant(answer.text.toString()),
                new Completion(model, answer.tokens, answer.reason));
    }

    private static ObjectNode body(String model, ModelCall call) {
        ObjectNode body = Json.object().put("model", model);
        if (call.systemPrompt() != null) {
            body.put("manner", call.systemPrompt());
        }
        if (call.temperature() != null) {
            body.put("heat", call.temperature());
        }
        if (call.maxTokens() != null) {
            body.put("budget", call.maxTokens());
        }
        ArrayNode dialogue = body.putArray("dialogue");
        for (ModelTurn turn : call.turns()) {
            switch (turn) {
                case ModelTurn.User(String text) -> add(dialogue, "human", text);
                case ModelTurn.Assistant answer -> add(dialogue, "lark", answer.text());
                case ModelTurn.Instruction(String text) -> add(dialogue, "manner", text);
                case ModelTurn.ToolResult result -> add(dialogue, "tool", result.text());
            }
        }
        return body;
    }

    private static void add(ArrayNode dialogue, String by, String words) {
        dialogue.addObject().put("by", by).put("words", words);
    }

    /// Reads the lines of one answer.
    private static final class Answer implements ModelTransport.EventReader {

        private final TokenSink sink;
        private final StringBuilder text = new StringBuilder();
        private Integer tokens; // null when the service does not say
        private FinishReason reason = FinishReason.STOP;

        Answer(TokenSink sink) {
            this.sink = sink;
        }

        @Override
        public Read read(String event, String data) throws ReportedError, InterruptedException {
            ObjectNode line = Json.ofService(data);
            if (line.has("trouble")) {
                throw new ReportedError(line.path("trouble").asString(""));
            }
            if (line.has("fin")) {
                if (line.get("fin").asString().equals("budget")) {
                    reason = FinishReason.LENGTH;
                }
                if (line.has("spent")) {
                    tokens = line.get("spent").intValue();
                }
                return Read.END;
            }
            if (line.has("words")) {
                String words = line.get("words").stringValue();
                text.append(words);
                sink.content(words);
                return Read.PIECE;
            }
            return Read.NOTHING;
        }
    }
}
