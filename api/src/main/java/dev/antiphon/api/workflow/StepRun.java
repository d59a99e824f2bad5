package dev.antiphon.api.workflow;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.WorkflowRequest;

import tools.jackson.databind.node.ObjectNode;

import java.util.List;

/// What a step can do in its run. Call it only on the thread of the step. Steps that run in parallel have a `StepRun`
/// each; their text goes into the answer in the order in which they write it.
public interface StepRun {

    /// The request that the run answers.
    WorkflowRequest request();

    /// The conversation that the model should see, oldest turn first. The user's message is last.
    List<ModelTurn> conversation();

    /// The tools that this request can use; empty when it allows none.
    List<ToolSpec> tools();

    /// Calls the request's model, and streams the answer to the user. Blocks until the answer is complete.
    ///
    /// @param turns what the model sees, oldest first
    /// @param tools the tools that the model can call; empty for none
    /// @return the whole answer; its text has been streamed
    /// @throws ProviderFailure when the model cannot answer
    /// @throws NeedsUser when the service itself asks the user: let it pass
    /// @throws InterruptedException when the run was cancelled or lost: stop
    ModelAnswer stream(List<ModelTurn> turns, List<ToolSpec> tools)
            throws ProviderFailure, NeedsUser, InterruptedException;

    /// Calls the request's model without showing the answer to the user, for a step that needs a decision. Blocks until
    /// the answer is complete.
    ///
    /// @param turns what the model sees, oldest first
    /// @return the whole answer
    /// @throws ProviderFailure when the model cannot answer, or its provider {@linkplain
    ///     dev.antiphon.api.model.Capabilities.Feature#KEEPS_CONVERSATION keeps the conversation} itself
    /// @throws InterruptedException as in {@link #stream}
    ModelAnswer think(List<ModelTurn> turns) throws ProviderFailure, InterruptedException;

    /// Adds the step's own text to the answer. Blocks while too much text waits to be written.
    ///
    /// @param text shown to the user after the text so far
    /// @throws InterruptedException as in {@link #stream}
    void say(String text) throws InterruptedException;

    /// Runs a tool and shows its result. Blocks until the tool has answered or its time limit has passed.
    ///
    /// The effect of a call happens at most once, even when workers die. A step that runs again must make the same
    /// calls in the same order: a finished call then returns its recorded result. A call during which a worker died is
    /// made again if the tool is idempotent; otherwise its outcome is {@link ToolReply.Kind#UNKNOWN}.
    ///
    /// @param call as the model or the step wants it
    /// @return the result, or why there is none
    /// @throws NeedsUser when the user must approve the call first: let it pass
    /// @throws IllegalStateException when the user must approve the call and the step runs in parallel with others
    /// @throws InterruptedException as in {@link #stream}
    ToolReply call(ToolCall call) throws NeedsUser, InterruptedException;

    /// Asks the user. The first call does not return: it parks the run, which then uses no worker. When the user has
    /// answered, the step starts again from its beginning, on any worker, and the same call returns the answer. Ask
    /// before any other output, because the step's text from before the question is withdrawn.
    ///
    /// @param question what a client needs to ask. By convention it has the text in `question`
    /// @return the user's answer
    /// @throws NeedsUser to park the run: let it pass
    /// @throws IllegalStateException in a step that runs in parallel with others
    String ask(ObjectNode question) throws NeedsUser;

    /// Asks the user in words; otherwise like {@link #ask(ObjectNode)}.
    ///
    /// @param question the text of the question
    /// @param answers the suggested answers; none for any text. Clients can send other answers
    /// @return the user's answer
    /// @throws NeedsUser to park the run: let it pass
    /// @throws IllegalStateException in a step that runs in parallel with others
    default String ask(String question, String... answers) throws NeedsUser {
        ObjectNode asked = Json.object().put("question", question);
        if (answers.length > 0) {
            List.of(answers).forEach(asked.putArray("answers")::add);
        }
        return ask(asked);
    }
}
