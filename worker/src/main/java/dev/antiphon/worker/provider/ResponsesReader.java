package dev.antiphon.worker.provider;

import dev.antiphon.protocol.Json;
import dev.antiphon.worker.provider.http.Dialect.Sign;
import dev.antiphon.worker.provider.http.StreamCall;
import dev.langchain4j.http.client.sse.ServerSentEvent;
import dev.langchain4j.http.client.sse.ServerSentEventContext;
import dev.langchain4j.http.client.sse.ServerSentEventListener;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Reads the events of one response, whatever number of connections bring them. Used by the call's thread.
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

    /// @param background whether the service keeps the answer, so that the sink must be told where
    ResponsesReader(TokenSink sink, boolean background) {
        this.sink = sink;
        this.background = background;
    }

    /// Goes on with a response that another attempt created.
    void continueFrom(String handle) {
        int colon = handle.lastIndexOf(':');
        id = handle.substring(0, colon);
        sequence = Long.parseLong(handle.substring(colon + 1));
    }

    /// The response's id, null as long as the service has said none.
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

    /// The response as its last event describes it; null when that has not come.
    @Nullable JsonNode whole() {
        return whole;
    }

    Outlet outlet() {
        return outlet;
    }

    /// The answer as a later call wants to see it.
    ///
    /// @param withCalls false when they may be cut
    ModelTurn.Assistant turn(boolean withCalls) {
        return new ModelTurn.Assistant(
                text.toString(),
                withCalls ? calls : List.of(),
                withCalls ? ResponsesRequest.notes(items) : "");
    }

    /// Whether a string can be a handle; anything else is none of ours.
    static boolean isHandle(String handle) {
        return handle.matches("[A-Za-z0-9_-]{1,200}:[0-9]{1,18}");
    }

    /// Takes the events of one connection.
    ServerSentEventListener over(StreamCall stream) {
        if (hasAnswered) {
            stream.answering();
        }
        return new ServerSentEventListener() {
            @Override
            public void onEvent(ServerSentEvent event, ServerSentEventContext context) {
                take(Signs.parse(event.data()), stream);
            }

            @Override
            public void onError(Throwable error) {} // the call knows
        };
    }

    private void take(JsonNode event, StreamCall stream) {
        String type = event.path("type").stringValue("");
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
            case "response.output_item.added" -> itemBegan(event.path("item"), stream);
            case "response.function_call_arguments.delta" -> {
                ToolCall call = begun.get(event.path("item_id").stringValue(""));
                String piece = delta(event);
                if (call != null) {
                    pass(stream, piece, () -> sink.toolCall(call.id(), call.name(), piece));
                }
            }
            case "response.output_item.done" -> itemEnded(event.path("item"));
            case "response.completed", "response.incomplete" -> whole = event.path("response");
            // The service adds kinds of events; what we need repeats itself in the others.
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

    private void itemBegan(JsonNode item, StreamCall stream) {
        if (item.path("type").stringValue("").equals("function_call")) {
            ToolCall call = call(item);
            begun.put(item.path("id").stringValue(""), call);
            pass(stream, "", () -> sink.toolCall(call.id(), call.name(), ""));
        }
    }

    private void itemEnded(JsonNode item) {
        switch (item.path("type").stringValue("")) {
            case "function_call" -> {
                calls.add(call(item));
                items.add(item);
            }
            case "reasoning", "message" -> items.add(item);
            default -> {} // what the service's own tools did
        }
    }

    private static ToolCall call(JsonNode item) {
        String arguments = item.path("arguments").stringValue("");
        return new ToolCall(
                item.path("call_id").stringValue(""),
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

    /// The name of an event stands in its data too, and some servers leave the other out.
    static Sign sign(@Nullable String event, String data) {
        if (data.contains("\"response.completed\"") || data.contains("\"response.incomplete\"")) {
            String type = Signs.parse(data).path("type").stringValue("");
            if (type.equals("response.completed") || type.equals("response.incomplete")) {
                return new Sign.End();
            }
        }
        if (data.contains("\"response.failed\"")) {
            JsonNode failed = Signs.parse(data);
            if (failed.path("type").stringValue("").equals("response.failed")) {
                JsonNode code = failed.path("response").path("error").path("code");
                return new Sign.Failure(
                        code.isString() ? code.stringValue().toLowerCase(Locale.ROOT) : null);
            }
        }
        if (event == null || event.equals("error")) {
            Sign failure = Signs.failure(event, data);
            return failure == null ? new Sign.Part() : failure;
        }
        return new Sign.Part(); // a response that goes well has a field "error" too: null
    }
}
