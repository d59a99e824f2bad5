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
import dev.antiphon.transport.Signs;
import dev.antiphon.transport.StreamCall;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Locale;

/// One answer while it comes: its pieces go to the sink, and what a later call needs of it is kept. Used by the call's thread.
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

    /// @param separates whether reasoning between think tags is taken out of the text
    IncomingAnswer(AnswerFormat format, TokenSink sink, boolean separates, CallLimits limits) {
        this.format = format;
        this.sink = sink;
        this.tags = separates ? new ThinkTags() : null;
        this.stream = new StreamCall(limits, this);
    }

    /// The call that brings it.
    StreamCall stream() {
        return stream;
    }

    @Override
    public Sign sign(@Nullable String event, String data) {
        if (data.strip().equals(DONE)) {
            return new Sign.End();
        }
        ObjectNode object = Json.ofService(data);
        Sign failure = Signs.failure(event, object);
        return failure == null ? format.read(event, object, this) : failure;
    }

    @Override
    public @Nullable String refusal(int status, String body) {
        return Signs.refusal(status, body);
    }

    // What a format says.

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

    /// A piece of a tool call; as {@link ToolCalls#take}.
    void toolCall(@Nullable Integer index, String id, String name, String arguments) {
        stream.answering();
        tell(calls.take(index, id, name, arguments));
    }

    /// A whole call.
    void wholeToolCall(String id, String name, String arguments) {
        stream.answering();
        tell(calls.whole(id, name, arguments));
    }

    /// A call that is a new one whatever it says; its pieces follow.
    ///
    /// @param input its arguments if none follow
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

    /// As the service names it.
    void model(JsonNode name) {
        model = name.stringValue(model);
    }

    /// Tokens of the answer, reasoning included; the last count stands. Some services say zero where they count nothing.
    void tokens(int count) {
        tokens = Math.max(0, count);
    }

    /// Why the service stopped, in its word; the last stands. Nothing when it is no text or empty.
    void stopped(JsonNode word) {
        stop = word.stringValue("").isEmpty() ? stop : word.stringValue("");
    }

    /// What the service wants to see again, under the name that LangChain4j gives it.
    ObjectNode notes() {
        return notes;
    }

    /// The service wants to see the reasoning again with the results of the tools.
    void wantsReasoningBack() {
        thinksAloud = true;
    }

    // The whole.

    /// Passes on what had to wait for the end.
    ///
    /// @throws InterruptedException as the sink throws it, now or before
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

    /// The answer, when it is whole. Either mark will do, the word why it stopped or the stream's end mark, because servers
    /// leave out one or the other. An end mark without anything before it is none: that is how some end a stream that failed.
    ///
    /// @throws ProviderFailure when it is not
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
        // A call that ran out of tokens has half its arguments.
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

    /// As the service names what has answered, because an alias may mean another model every month.
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
