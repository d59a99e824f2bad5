package dev.antiphon.providers;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.protocol.Json;
import dev.antiphon.transport.Dialect;
import dev.antiphon.transport.Dialect.Verdict;
import dev.antiphon.transport.EventListener;
import dev.antiphon.transport.ServiceErrors;
import dev.antiphon.transport.StreamCall;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads the events of one response, over any number of connections. Used by the call's thread.
final class ResponsesReader {

    private final TokenSink sink;
    private final boolean background;
    private final Outlet outlet = new Outlet();
    private final StringBuilder text = new StringBuilder();

    /// The tool calls by the service's ids for their items.
    private final Map<String, ToolCall> begun = new HashMap<>();

    private final List<ToolCall> calls = new ArrayList<>();
    private final ArrayNode items = Json.object().putArray("items");
    private @Nullable String id;
    private long sequence = -1;
    private boolean hasAnswered;
    private @Nullable JsonNode whole;

    /// @param background whether the service stores the answer, so that the sink must record where
    ResponsesReader(TokenSink sink, boolean background) {
        this.sink = sink;
        this.background = background;
    }

    /// Continues a response that another attempt created.
    void continueFrom(String handle) {
        int colon = handle.lastIndexOf(':');
        id = handle.substring(0, colon);
        sequence = Long.parseLong(handle.substring(colon + 1));
    }

    /// The response's id; null until the service has sent it.
    @Nullable String id() {
        return id;
    }

    /// The number of the last event that was read.
    long sequence() {
        return sequence;
    }

    boolean hasAnswered() {
        return hasAnswered;
    }

    /// The response as its last event describes it; null before that event.
    @Nullable JsonNode whole() {
        return whole;
    }

    Outlet outlet() {
        return outlet;
    }

    /// The answer as a later call must see it.
    ///
    /// @param withCalls false when the tool calls can be incomplete
    ModelTurn.Assistant turn(boolean withCalls) {
        return new ModelTurn.Assistant(
                text.toString(),
                withCalls ? calls : List.of(),
                withCalls ? ResponsesRequest.notes(items) : "");
    }

    /// Whether a text can be a handle of this provider.
    static boolean isHandle(String handle) {
        return handle.matches("[A-Za-z0-9_-]{1,200}:[0-9]{1,18}");
    }

    /// Reads the events of one connection.
    EventListener over(StreamCall stream) {
        if (hasAnswered) {
            stream.answering();
        }
        return (event, data) -> {
            if (!data.strip().equals(Dialect.DONE)) {
                take(event, Json.ofService(data), stream);
            }
        };
    }

    private void take(@Nullable String name, JsonNode event, StreamCall stream) {
        String type = type(name, event);
        if (type.isEmpty()) {
            throw new IllegalArgumentException("an event without a type");
        }
        switch (type) {
            case "response.created", "response.queued", "response.in_progress" ->
                    created(event, stream);
            case "response.output_text.delta", "response.refusal.delta" -> {
                String piece = delta(event);
                text.append(piece);
                pass(stream, piece, () -> sink.content(piece));
            }
            case "response.reasoning_summary_part.added" -> {
                if (event.path("summary_index").asInt(0) > 0) {
                    pass(stream, "", () -> sink.reasoning("\n\n"));
                }
            }
            case "response.reasoning_summary_text.delta", "response.reasoning_text.delta" -> {
                String piece = delta(event);
                pass(stream, piece, () -> sink.reasoning(piece));
            }
            case "response.output_item.added" -> itemBegan(event, stream);
            case "response.function_call_arguments.delta" -> argumentsCame(event, stream);
            case "response.output_item.done" -> itemEnded(event.path("item"));
            case "response.completed", "response.incomplete" ->
                    ended(event.has("response") ? event.path("response") : event, stream);
            // The service adds kinds of events; the ones we need are repeated in others.
            default -> {}
        }
        sequence = Math.max(sequence, event.path("sequence_number").asLong(sequence));
    }

    private void created(JsonNode event, StreamCall stream) {
        String named = event.path("response").path("id").stringValue("");
        if (id == null && !named.isEmpty()) {
            id = named;
            String handle = named + ":" + Math.max(0, event.path("sequence_number").asLong(0));
            if (background && isHandle(handle)) {
                outlet.tell(stream, () -> sink.kept(handle));
            }
        }
    }

    private void itemBegan(JsonNode event, StreamCall stream) {
        JsonNode item = event.path("item");
        if (isCall(item)) {
            ToolCall call = call(item);
            begun.put(item.path("id").stringValue(""), call);
            begun.put(place(event), call);
            pass(stream, "", () -> sink.toolCall(call.id(), call.name(), ""));
        }
    }

    /// Replaces the id of an item for servers that do not repeat it.
    private static String place(JsonNode event) {
        return "#" + event.path("output_index").asInt(-1);
    }

    private void argumentsCame(JsonNode event, StreamCall stream) {
        ToolCall named = begun.get(event.path("item_id").stringValue(""));
        ToolCall call = named == null ? begun.get(place(event)) : named;
        String piece = delta(event);
        if (call != null) {
            pass(stream, piece, () -> sink.toolCall(call.id(), call.name(), piece));
        }
    }

    private void itemEnded(JsonNode item) {
        switch (item.path("type").stringValue("")) {
            case "function_call" -> {
                calls.add(call(item));
                items.add(item);
            }
            case "reasoning", "message" -> items.add(item);
            default -> {} // items of the service's own tools
        }
    }

    private static boolean isCall(JsonNode item) {
        return item.path("type").stringValue("").equals("function_call");
    }

    /// Reads the complete response, in which some servers send what they did not stream.
    private void ended(JsonNode response, StreamCall stream) {
        StringBuilder said = new StringBuilder();
        for (JsonNode item : response.path("output")) {
            for (JsonNode part : item.path("content")) {
                said.append(part.path("text").stringValue(""));
                said.append(part.path("refusal").stringValue(""));
            }
            if (isCall(item) && calls.stream().noneMatch(each -> each.equals(call(item)))) {
                itemCameLate(item, stream);
            }
        }
        if (said.length() > text.length() && said.indexOf(text.toString()) == 0) {
            String rest = said.substring(text.length());
            text.append(rest);
            pass(stream, rest, () -> sink.content(rest));
        }
        whole = response;
    }

    private void itemCameLate(JsonNode item, StreamCall stream) {
        ToolCall call = call(item);
        if (!begun.containsValue(call)) {
            pass(
                    stream,
                    call.arguments(),
                    () -> sink.toolCall(call.id(), call.name(), call.arguments()));
        }
        itemEnded(item);
    }

    private static ToolCall call(JsonNode item) {
        String arguments = OpenAiFormat.argumentsOf(item.path("arguments"));
        String id = item.path("call_id").stringValue("");
        return new ToolCall(
                id.isBlank() ? item.path("id").stringValue("") : id,
                item.path("name").stringValue(""),
                arguments.isBlank() ? "{}" : arguments);
    }

    private static String delta(JsonNode event) {
        return event.path("delta").stringValue("");
    }

    private void pass(StreamCall stream, String piece, Outlet.Piece write) {
        hasAnswered = true;
        outlet.pass(stream, piece, write);
    }

    /// The name of an event is in its data too, and some servers send only one of the two. A server that does not
    /// stream sends the response alone.
    private static String type(@Nullable String event, JsonNode data) {
        if (data.path("object").stringValue("").equals("response")) {
            return "response." + data.path("status").stringValue("");
        }
        return data.path("type").stringValue(event == null ? "" : event);
    }

    /// How Responses report an end and an error.
    static final Dialect DIALECT =
            new Dialect() {
                @Override
                public Verdict judge(@Nullable String event, String data) {
                    return ResponsesReader.judge(event, data);
                }

                @Override
                public @Nullable String refusal(int status, String body) {
                    return ServiceErrors.refusal(status, body);
                }
            };

    private static Verdict judge(@Nullable String event, String data) {
        if (data.strip().equals(Dialect.DONE)) {
            return new Verdict.End();
        }
        JsonNode object = ServiceErrors.parse(data);
        return switch (type(event, object)) {
            case "response.completed", "response.incomplete" -> new Verdict.End();
            case "response.failed", "response.cancelled" -> {
                JsonNode response = object.has("response") ? object.path("response") : object;
                Verdict.Failure failure = ServiceErrors.failure(null, response);
                yield failure == null ? new Verdict.Failure(null) : failure;
            }
            // A successful response also has a field "error": null.
            case "", "error" -> {
                Verdict failure = ServiceErrors.failure(event, object);
                yield failure == null ? new Verdict.Part() : failure;
            }
            default -> new Verdict.Part();
        };
    }
}
