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

/// What a step has of the run it is part of. Steps that run beside each other may use theirs at the same time; their text
/// goes into the answer in the order in which it comes.
public interface StepRun {

    WorkflowRequest request();

    /// What the model should see: the conversation so far, oldest first, with the user's message last.
    List<ModelTurn> conversation();

    /// The tools that this request may use.
    List<ToolSpec> tools();

    /// Calls the request's model and streams what it says into the answer.
    ///
    /// @param turns what the model sees
    /// @param tools what it may ask for
    /// @throws ProviderFailure when the model cannot answer
    /// @throws NeedsUser when the service asks the user itself: let it pass
    /// @throws InterruptedException when the run was cancelled or lost: stop
    ModelAnswer stream(List<ModelTurn> turns, List<ToolSpec> tools)
            throws ProviderFailure, NeedsUser, InterruptedException;

    /// As {@link #stream}, without showing anything of it: for a step that needs a decision.
    ModelAnswer think(List<ModelTurn> turns) throws ProviderFailure, InterruptedException;

    /// Adds text of the step's own to the answer.
    ///
    /// @throws InterruptedException as {@link #stream}
    void say(String text) throws InterruptedException;

    /// Runs a tool and shows its result. Each call of a step runs at most once, whatever dies: the same calls must come in
    /// the same order when the step runs again.
    ///
    /// @throws NeedsUser when its user must allow it first
    /// @throws InterruptedException as {@link #stream}
    ToolReply call(ToolCall call) throws NeedsUser, InterruptedException;

    /// Asks the user. The first time it does not return: the run parks, holds nothing, and with the answer the step begins
    /// anew, on any worker; then the same call returns. Ask before you speak, for what the step has said is withdrawn.
    ///
    /// @param question what a client needs to ask; has a `question` text by custom
    /// @return what the user has answered
    /// @throws NeedsUser to park: let it pass
    /// @throws IllegalStateException in a step that runs beside others
    String ask(ObjectNode question) throws NeedsUser;

    /// As {@link #ask(ObjectNode)}, in words.
    ///
    /// @param answers what may be answered; none for any text. A client is not held to them
    default String ask(String question, String... answers) throws NeedsUser {
        ObjectNode asked = Json.object().put("question", question);
        if (answers.length > 0) {
            List.of(answers).forEach(asked.putArray("answers")::add);
        }
        return ask(asked);
    }
}
