package dev.antiphon.providers.langgraph;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.Json;
import dev.antiphon.providers.Outlet;
import dev.antiphon.providers.ReplayFilter;
import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.Dialect.Verdict;
import dev.antiphon.transport.EventListener;
import dev.antiphon.transport.StreamCall;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Converts the stream of one run on a LangGraph server into pieces of an answer. Used for the whole run, over
/// all connections.
///
/// Of the stream modes, `messages-tuple` brings messages piece by piece, each with the same id, and complete messages
/// that no model streamed; `updates` brings the changes of a step when it has ended, and the questions of the graph to
/// its user.
final class GraphEvents implements EventListener {

    /// Most characters of a tool result that are shown: more than anyone reads.
    static final int MAX_RESULT = 32 * 1024;

    /// Far more calls than any graph takes steps by default (25).
    private static final int MAX_TOOL_CALLS = 1000;

    private static final Pattern RUN_AT_END = Pattern.compile(".*/runs/([0-9A-Za-z-]{1,64})");
    private static final Pattern RUN = Pattern.compile("[0-9A-Za-z-]{1,64}");

    private final TokenSink sink;

    /// Follows the run's id in the handle that the sink keeps.
    private final String handleSuffix;

    private StreamCall stream;
    private ReplayFilter filter;
    private @Nullable String run;
    private int attempt;
    private final Outlet outlet = new Outlet();
    private final StringBuilder text = new StringBuilder();

    /// The length of the text from steps that have ended.
    private int settled;

    private int tokens;
    private boolean hasTokens;
    private boolean cutShort;
    private boolean begun;

    /// By the message's id and the index of the call in it.
    private final Map<String, GraphToolCall> calls = new HashMap<>();

    /// Null when there is no question.
    private @Nullable ArrayNode questions;

    private record GraphToolCall(String id, String name) {}

    /// Starts with a new run.
    ///
    /// @param stream of the first connection
    GraphEvents(TokenSink sink, String handleSuffix, StreamCall stream) {
        this.sink = sink;
        this.handleSuffix = handleSuffix;
        this.stream = stream;
        this.filter = ReplayFilter.nothing();
    }

    /// The meaning of an event apart from its data.
    static Verdict judge(@Nullable String event, String data) {
        if ("end".equals(event)) {
            return new Verdict.End(); // from older servers
        }
        return "error".equals(event) ? new Verdict.Failure(errorName(data)) : new Verdict.Part();
    }

    /// Writes `GraphRecursionError` as `graph_recursion_error`, in the style of other services.
    private static @Nullable String errorName(String data) {
        try {
            String name = Json.valueOfService(data).path("error").asString("");
            return name.isEmpty()
                    ? null
                    : name.replaceAll("([a-z])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
        } catch (InvalidInput e) {
            return null;
        }
    }

    /// Continues with another connection.
    void connected(StreamCall next) {
        stream = next;
        if (begun) {
            next.answering();
        }
    }

    /// Sets the run, which the worker that began to follow it recorded.
    void runs(String id, ReplayFilter already) {
        run = id;
        filter = already;
    }

    /// The run's id once the server has sent it, else null.
    @Nullable String run() {
        return run;
    }

    /// Whether a piece of the answer has come.
    boolean hasBegun() {
        return begun;
    }

    /// The question of the graph to its user, as JSON; null when there is none.
    @Nullable String question() {
        ArrayNode asked = questions;
        return asked == null ? null : asked.toString();
    }

    @Override
    public void onOpen(Map<String, List<String>> headers) {
        List<String> location = headers.getOrDefault("content-location", List.of());
        if (!location.isEmpty()) {
            Matcher matcher = RUN_AT_END.matcher(location.getFirst());
            if (matcher.matches()) {
                begins(matcher.group(1));
            }
        }
    }

    /// Before any token, so that the next attempt joins this run instead of starting another.
    private void begins(String id) {
        if (run == null) {
            run = id;
            outlet.tell(stream, () -> sink.kept(id + handleSuffix));
        }
    }

    @Override
    public void onEvent(@Nullable String event, String data) {
        String name = event == null ? "" : event;
        int bar = name.indexOf('|'); // the name of the subgraph follows
        try {
            switch (bar < 0 ? name : name.substring(0, bar)) {
                case "metadata" -> metadata(Json.valueOfService(data));
                case "messages" -> message(Json.valueOfService(data).path(0));
                case "updates" -> {
                    if (bar < 0) {
                        update(Json.valueOfService(data));
                    }
                }
                default -> {} // modes that we did not request
            }
        } catch (InvalidInput e) {
            stream.broke(new Breakage.Malformed());
        }
    }

    private void metadata(JsonNode data) {
        String id = data.path("run_id").asString("");
        if (RUN.matcher(id).matches()) {
            begins(id);
        }
        int now = data.path("attempt").asInt(1);
        if (now > attempt && attempt > 0) {
            // The server's own worker died: completed steps remain, and the server runs the current
            // step again.
            text.setLength(settled);
            questions = null;
            outlet.tell(stream, this::withdraw);
        }
        attempt = Math.max(attempt, now);
    }

    private void update(JsonNode data) {
        settled = text.length();
        JsonNode asked = data.path("__interrupt__");
        if (asked.isArray()) {
            pass(asked.toString(), () -> {});
            // Nodes that run in parallel ask in one event each.
            ArrayNode all = questions == null ? Json.array() : questions;
            for (JsonNode each : asked) {
                if (all.valueStream().noneMatch(each::equals)) {
                    all.add(each);
                }
            }
            questions = all;
        }
    }

    private void message(JsonNode message) {
        switch (message.path("type").asString("")) {
            case "ai", "AIMessageChunk" -> {
                reasoning(MessageContent.reasoning(message));
                text(MessageContent.text(message.path("content")));
                toolCalls(message);
                measure(message);
            }
            case "tool" -> toolResult(message);
            default -> {} // messages of the user, and internal ones of the graph
        }
    }

    private void text(String piece) {
        if (piece.isEmpty()) {
            return;
        }
        text.append(piece);
        Optional<String> rest = filter.text(piece);
        if (rest.isPresent()) {
            pass(piece, () -> sink.content(rest.get()));
        } else {
            pass(
                    piece,
                    this::withdraw); // a different text: the server lost the run and started again
        }
    }

    private void reasoning(String piece) {
        if (!piece.isEmpty()) {
            String rest = filter.reasoning(piece);
            pass(piece, () -> sink.reasoning(rest));
        }
    }

    private void toolCalls(JsonNode message) {
        String owner = message.path("id").asString("");
        JsonNode pieces = message.path("tool_call_chunks");
        if (pieces.isEmpty()) {
            int index = 0;
            for (JsonNode whole : message.path("tool_calls")) {
                toolCall(owner, index++, whole, whole.path("args").toString());
            }
        }
        for (JsonNode piece : pieces) {
            toolCall(owner, piece.path("index").asInt(0), piece, piece.path("args").asString(""));
        }
    }

    private void toolCall(String owner, int index, JsonNode piece, String arguments) {
        if (calls.size() >= MAX_TOOL_CALLS) {
            stream.broke(new Breakage.AnswerTooLong());
            return;
        }
        String key = owner + "/" + index;
        GraphToolCall call =
                calls.computeIfAbsent(
                        key,
                        _ ->
                                new GraphToolCall(
                                        piece.path("id").asString(key),
                                        piece.path("name").asString("")));
        Optional<String> rest = filter.toolCall(call.id(), arguments);
        pass(
                arguments,
                () -> {
                    if (rest.isPresent()) {
                        sink.toolCall(call.id(), call.name(), rest.get());
                    }
                });
    }

    private void toolResult(JsonNode message) {
        String id = message.path("tool_call_id").asString("");
        String whole = MessageContent.text(message.path("content"));
        String result = whole.length() > MAX_RESULT ? whole.substring(0, MAX_RESULT) + "…" : whole;
        boolean wasShown = filter.toolResult(id);
        pass(
                result,
                () -> {
                    if (!wasShown) {
                        sink.toolResult(id, message.path("name").asString(""), result);
                    }
                });
    }

    private void measure(JsonNode message) {
        JsonNode output = message.path("usage_metadata").path("output_tokens");
        if (output.isIntegralNumber()) {
            hasTokens = true;
            tokens += output.asInt();
        }
        JsonNode reason = message.path("response_metadata").path("finish_reason");
        if (reason.isString()) {
            cutShort = "length".equals(reason.stringValue());
        }
    }

    /// Withdraws everything that was shown, and shows the remaining parts again.
    private void withdraw() throws InterruptedException {
        filter = ReplayFilter.nothing();
        sink.reset();
        sink.kept(run + handleSuffix); // a reset removes the handle
        sink.content(text.toString());
    }

    /// Counts a piece of the answer, and passes on the part that is new.
    private void pass(String piece, Outlet.Piece write) {
        begun = true;
        outlet.pass(stream, piece, write);
    }

    void throwWhatTheSinkThrew() throws InterruptedException {
        outlet.throwWhatTheSinkThrew();
    }

    /// The answer, when the run has ended.
    ModelAnswer answer(String assistant) throws InterruptedException {
        if (filter.isMissingText()) {
            withdraw();
        }
        return new ModelAnswer(
                "",
                new ModelTurn.Assistant(text.toString()),
                new Completion(
                        assistant,
                        hasTokens ? tokens : null,
                        cutShort ? FinishReason.LENGTH : FinishReason.STOP),
                question());
    }
}
