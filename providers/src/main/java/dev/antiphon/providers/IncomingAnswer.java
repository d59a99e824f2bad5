package dev.antiphon.providers;

import dev.antiphon.api.model.CallLimits;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;
import dev.antiphon.protocol.Json;
import dev.antiphon.transport.Breakage;
import dev.antiphon.transport.Dialect;
import dev.antiphon.transport.FailureText;
import dev.antiphon.transport.ServiceErrors;
import dev.antiphon.transport.StreamCall;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Locale;

/// One answer as it arrives: its pieces go to the sink, and the data for a later call is kept. Used by the
/// call's thread.
final class IncomingAnswer implements Dialect {

    private final AnswerFormat format;
    private final TokenSink sink;
    private final @Nullable ThinkTags tags;
    private final Outlet outlet = new Outlet();
    private final StreamCall stream;
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final ToolCalls calls = new ToolCalls();
    private final ObjectNode notes = Json.object();
    private boolean thinksAloud;
    private String model = "";
    private int tokens;
    private String stop = "";

    /// @param separates whether reasoning between think tags is removed from the text
    IncomingAnswer(AnswerFormat format, TokenSink sink, boolean separates, CallLimits limits) {
        this.format = format;
        this.sink = sink;
        this.tags = separates ? new ThinkTags() : null;
        this.stream = new StreamCall(limits, this);
    }

    /// Sets the call that brings the answer.
    StreamCall stream() {
        return stream;
    }

    @Override
    public Verdict judge(@Nullable String event, String data) {
        if (data.strip().equals(DONE)) {
            return new Verdict.End();
        }
        ObjectNode object = Json.ofService(data);
        Verdict failure = ServiceErrors.failure(event, object);
        return failure == null ? format.read(event, object, this) : failure;
    }

    @Override
    public @Nullable String refusal(int status, String body) {
        return ServiceErrors.refusal(status, body);
    }

    // The parts that a format reads.

    void text(String piece) {
        if (tags == null) {
            pass(piece);
        } else {
            pass(tags.take(piece));
        }
    }

    private void pass(ThinkTags.Separated separated) {
        reasoning(separated.reasoning());
        pass(separated.text());
    }

    private void pass(String piece) {
        if (!piece.isEmpty()) {
            text.append(piece);
            outlet.pass(stream, piece, () -> sink.content(piece));
        }
    }

    void reasoning(String piece) {
        if (!piece.isEmpty()) {
            reasoning.append(piece);
            outlet.pass(stream, piece, () -> sink.reasoning(piece));
        }
    }

    /// A piece of a tool call, as in {@link ToolCalls#take}.
    void toolCall(@Nullable Integer index, String id, String name, String arguments) {
        stream.answering();
        tell(calls.take(index, id, name, arguments));
    }

    /// A complete call.
    void wholeToolCall(String id, String name, String arguments) {
        stream.answering();
        tell(calls.whole(id, name, arguments));
    }

    /// A call that is always a new one; its pieces follow.
    ///
    /// @param input its arguments if no pieces follow
    void newToolCall(@Nullable Integer index, String id, String name, String input) {
        stream.answering();
        ToolCalls.Call call = calls.begin(index, id, name);
        if (call != null) {
            call.input(input);
        }
    }

    private void tell(ToolCalls.@Nullable Piece piece) {
        if (piece != null) {
            ToolCalls.Call call = piece.call();
            outlet.pass(
                    stream,
                    piece.arguments(),
                    () -> sink.toolCall(call.id(), call.name(), piece.arguments()));
        }
    }

    /// The model's name, as the service gives it.
    void model(JsonNode name) {
        model = name.stringValue(model);
    }

    /// Tokens of the answer including reasoning; the last count is valid. Some services report zero instead of
    /// no count.
    void tokens(int count) {
        tokens = Math.max(0, count);
    }

    /// The service's word for why it stopped; the last one is valid. Ignored when it is not a text, or empty.
    void stopped(JsonNode word) {
        stop = word.stringValue("").isEmpty() ? stop : word.stringValue("");
    }

    /// Data that the service needs to see again, under LangChain4j's name for it.
    ObjectNode notes() {
        return notes;
    }

    /// Reasoning that the service needs to see again with the results of the tools.
    void wantsReasoningBack() {
        thinksAloud = true;
    }

    // The complete answer.

    /// Passes on what had to wait for the end.
    ///
    /// @throws InterruptedException when the sink throws it, now or earlier
    void end() throws InterruptedException {
        if (tags != null) {
            pass(tags.end());
        }
        if (!stop.isEmpty() || stream.hasEnded()) {
            calls.untold().forEach(this::tell);
        }
        outlet.throwWhatTheSinkThrew();
    }

    void throwWhatTheSinkThrew() throws InterruptedException {
        outlet.throwWhatTheSinkThrew();
    }

    /// Returns the answer if it is complete. One of two marks is enough, the stop reason or the end mark of the stream,
    /// because servers leave out one or the other. An end mark with nothing before it does not count: some servers end
    /// a failed stream so.
    ///
    /// @throws ProviderFailure when the answer is incomplete
    ModelAnswer whole(ModelCall call, LangChainTurns turns, FailureText failures)
            throws ProviderFailure {
        if (stop.isEmpty() && !(stream.hasEnded() && stream.hasAnswered())) {
            Breakage why = stream.breakage().orElseGet(Breakage.Cut::new);
            throw failures.of(why, call.model(), stream.hasAnswered());
        }
        List<ToolCall> asked = calls.all();
        FinishReason finish = finish(!asked.isEmpty(), failures);
        if (call.tools().isEmpty() && !asked.isEmpty()) {
            throw failures.unknownTool();
        }
        if (finish == FinishReason.STOP && calls.isMixedUp()) {
            throw failures.mixedUpTools();
        }
        Completion completion =
                new Completion(
                        modelName(call),
                        tokens == 0 ? null : Integer.valueOf(tokens),
                        finish,
                        finish == FinishReason.STOP || stop.isEmpty() ? null : stop);
        // A call that reached the token limit has only part of its arguments.
        List<ToolCall> whole = finish == FinishReason.STOP ? asked : List.of();
        return new ModelAnswer("", turns.turn(text.toString(), whole, notesOf(whole)), completion);
    }

    private FinishReason finish(boolean asksForTools, FailureText failures) throws ProviderFailure {
        String word = stop.toLowerCase(Locale.ROOT);
        AnswerFormat.Stops stops = format.stops();
        if (word.isEmpty()
                || stops.whole().contains(word)
                || (stops.tools().contains(word) && asksForTools)) {
            return FinishReason.STOP;
        }
        if (stops.length().contains(word)) {
            return FinishReason.LENGTH;
        }
        if (stops.filtered().contains(word)) {
            throw failures.filtered(stop);
        }
        throw failures.stopped(stop, stream.hasAnswered());
    }

    /// The model that answered, as the service names it, because an alias can mean another model every month.
    private String modelName(ModelCall call) {
        String asked = call.model();
        return !model.isEmpty() ? model : asked != null ? asked : "";
    }

    private LangChainTurns.Notes notesOf(List<ToolCall> asked) {
        boolean back = !notes.isEmpty() || (thinksAloud && !asked.isEmpty());
        return back
                ? new LangChainTurns.Notes(reasoning.toString(), notes)
                : LangChainTurns.Notes.NONE;
    }
}
