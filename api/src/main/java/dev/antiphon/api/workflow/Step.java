package dev.antiphon.api.workflow;

import java.util.Map;

/// What one node of a workflow does.
@FunctionalInterface
public interface Step {

    /// Does the step. Blocks its virtual thread as long as it likes; an interrupt means stop. After a crash a step that had
    /// not finished is run again from its beginning, on any worker.
    ///
    /// @param state what the steps before have left; never modified
    /// @return what is new in the state: texts, numbers, booleans, lists, maps with texts as keys, records of those, and
    ///     {@link dev.antiphon.api.model.ModelTurn}s. Kept in the run's record, so small (1 MiB in all)
    /// @throws Exception to end the message: a {@link dev.antiphon.api.model.ProviderFailure} or {@link
    ///     WorkflowFailure} is told to the user, anything else is logged and told as `internal`
    Map<String, Object> run(RunState state, StepRun run) throws Exception;
}
