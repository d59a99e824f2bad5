package dev.antiphon.testkit;

import dev.antiphon.api.model.Capabilities;
import dev.antiphon.api.model.Capabilities.Continuation;
import dev.antiphon.api.model.Capabilities.Feature;
import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.TokenSink;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/// A model that gives the answers that a test has scripted. Thread-safe; steps that run in parallel get the answers in
/// the order in which they call.
public final class ScriptedModel implements ModelProvider {

    /// The name of the provider and of its model.
    public static final String NAME = "scripted";

    private sealed interface Line {

        record Says(List<String> pieces) implements Line {}

        record Calls(List<ToolCall> calls) implements Line {}

        record Fails(String message) implements Line {}
    }

    /// The answers to the next calls, the next one first. Guarded by itself.
    private final List<Line> script = new ArrayList<>();

    /// Guarded by the script.
    private @Nullable Function<ModelCall, String> afterScript;

    private final List<ModelCall> calls = new CopyOnWriteArrayList<>();

    /// Answers the next call with these pieces of text.
    public ScriptedModel says(String... pieces) {
        return add(new Line.Says(List.of(pieces)));
    }

    /// Answers the next call with requests for these tools.
    public ScriptedModel callsTools(ToolCall... tools) {
        return add(new Line.Calls(List.of(tools)));
    }

    /// Fails the next call.
    ///
    /// @param message one sentence for the user
    public ScriptedModel fails(String message) {
        return add(new Line.Fails(message));
    }

    /// Answers every call after the end of the script, for workflows whose steps can run again.
    ///
    /// @param answer returns the text; called by one thread at a time
    public ScriptedModel answers(Function<ModelCall, String> answer) {
        synchronized (script) {
            afterScript = answer;
        }
        return this;
    }

    private ScriptedModel add(Line line) {
        synchronized (script) {
            script.add(line);
        }
        return this;
    }

    /// The calls so far, oldest first.
    public List<ModelCall> calls() {
        return List.copyOf(calls);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<String> models() {
        return List.of(NAME);
    }

    @Override
    public Capabilities capabilities() {
        return Capabilities.of(Continuation.RESTART, Feature.TOOLS, Feature.USAGE, Feature.CANCEL);
    }

    /// Streams the next answer of the script.
    ///
    /// @throws IllegalStateException when no answer is left and {@link #answers} is not set
    @Override
    public ModelAnswer stream(ModelCall call, TokenSink sink)
            throws ProviderFailure, InterruptedException {
        calls.add(call);
        return switch (next(call)) {
            case Line.Says(List<String> pieces) -> {
                for (String piece : pieces) {
                    sink.content(piece);
                }
                yield answer(new ModelTurn.Assistant(String.join("", pieces)), pieces.size());
            }
            case Line.Calls(List<ToolCall> tools) -> {
                for (ToolCall tool : tools) {
                    sink.toolCall(tool.id(), tool.name(), tool.arguments());
                }
                yield answer(new ModelTurn.Assistant("", tools, ""), tools.size());
            }
            case Line.Fails(String message) ->
                    throw new ProviderFailure(ErrorCode.PROVIDER_FAILED, message, null);
        };
    }

    private Line next(ModelCall call) {
        synchronized (script) {
            Function<ModelCall, String> answer = afterScript;
            if (script.isEmpty() && answer != null) {
                return new Line.Says(List.of(answer.apply(call)));
            }
            if (script.isEmpty()) {
                throw new IllegalStateException(
                        "the model was called "
                                + calls.size()
                                + " times, but the script has fewer answers");
            }
            return script.removeFirst();
        }
    }

    private static ModelAnswer answer(ModelTurn.Assistant turn, int tokens) {
        return new ModelAnswer(
                "", turn, new Completion(NAME, tokens, Completion.FinishReason.STOP));
    }
}
