package dev.antiphon.testkit;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelCall;
import dev.antiphon.api.model.ModelProvider;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolContext;
import dev.antiphon.api.tool.ToolFailure;
import dev.antiphon.api.workflow.NeedsUser;
import dev.antiphon.api.workflow.StepRun;
import dev.antiphon.api.workflow.ToolReply;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/// The run of one message, for tests that run the steps of a workflow one by one. It records what the steps do; there
/// is no server and no other process. Thread-safe, so steps can run in parallel.
public final class FakeRun implements StepRun {

    private final WorkflowRequest request;
    private final ModelProvider model;
    private final List<Tool> tools;

    /// This and the fields below are guarded by this object.
    private final Deque<String> answers = new ArrayDeque<>();

    private final StringBuilder said = new StringBuilder();
    private final List<ObjectNode> questions = new ArrayList<>();
    private final List<ToolCall> calls = new ArrayList<>();

    /// A run for a message of `user1` in the session `test`.
    ///
    /// @param message the user's message
    /// @param model answers the model calls, such as a {@link ScriptedModel}
    /// @param tools the tools that the request can use
    public FakeRun(String message, ModelProvider model, Tool... tools) {
        this.request =
                new WorkflowRequest(
                        new MessageId("msg_test"),
                        new SessionId("test"),
                        new UserId("user1"),
                        message,
                        RequestContext.empty(),
                        null,
                        Instant.EPOCH,
                        "test");
        this.model = model;
        this.tools = List.of(tools);
    }

    /// Sets the answers to the next questions to the user.
    public synchronized FakeRun userAnswers(String... texts) {
        answers.addAll(Arrays.asList(texts));
        return this;
    }

    /// The text of the answer so far.
    public synchronized String said() {
        return said.toString();
    }

    /// The questions to the user, oldest first.
    public synchronized List<ObjectNode> questions() {
        return List.copyOf(questions);
    }

    /// The tool calls, oldest first.
    public synchronized List<ToolCall> calls() {
        return List.copyOf(calls);
    }

    @Override
    public WorkflowRequest request() {
        return request;
    }

    @Override
    public List<ModelTurn> conversation() {
        return List.of(new ModelTurn.User(request.message()));
    }

    @Override
    public List<ToolSpec> tools() {
        return tools.stream()
                .map(tool -> new ToolSpec(tool.name(), tool.description(), tool.parameters()))
                .toList();
    }

    @Override
    public ModelAnswer stream(List<ModelTurn> turns, List<ToolSpec> offered)
            throws ProviderFailure, InterruptedException {
        CollectingSink sink = new CollectingSink();
        ModelAnswer answer = model.stream(ModelCall.of(null, turns).withTools(offered), sink);
        say(answer.turn().text());
        return answer;
    }

    @Override
    public ModelAnswer think(List<ModelTurn> turns) throws ProviderFailure, InterruptedException {
        return model.stream(ModelCall.of(null, turns), new CollectingSink());
    }

    @Override
    public synchronized void say(String text) {
        said.append(text);
    }

    /// Calls the tool on the calling thread. The arguments are not checked against the tool's schema.
    ///
    /// @throws IllegalArgumentException when the arguments are not a JSON object
    @Override
    public ToolReply call(ToolCall call) throws InterruptedException {
        synchronized (this) {
            calls.add(call);
        }
        for (Tool tool : tools) {
            if (tool.name().equals(call.name())) {
                return call(tool, call);
            }
        }
        return reply(ToolReply.Kind.REFUSED, call, "There is no tool " + call.name() + ".");
    }

    private ToolReply call(Tool tool, ToolCall call) throws InterruptedException {
        ObjectNode arguments = Json.readObject(call.arguments().getBytes(StandardCharsets.UTF_8));
        ToolContext context =
                new ToolContext(
                        request.sessionId(), request.messageId(), request.userId(), call.id());
        try {
            return reply(ToolReply.Kind.RESULT, call, tool.call(arguments, context));
        } catch (ToolFailure e) {
            return reply(
                    e.isOutcomeKnown() ? ToolReply.Kind.FAILED : ToolReply.Kind.UNKNOWN,
                    call,
                    e.getMessage());
        }
    }

    private static ToolReply reply(ToolReply.Kind kind, ToolCall call, String text) {
        return new ToolReply(kind, text, new ModelTurn.ToolResult(call.id(), call.name(), text));
    }

    /// Returns the next of {@link #userAnswers}.
    ///
    /// @throws NeedsUser when no answer is left
    @Override
    public synchronized String ask(ObjectNode question) throws NeedsUser {
        questions.add(question);
        String answer = answers.poll();
        if (answer == null) {
            throw new NeedsUser(question);
        }
        return answer;
    }
}
