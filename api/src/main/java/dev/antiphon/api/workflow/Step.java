package dev.antiphon.api.workflow;

import java.util.Map;

/// The work of one node of a workflow.
@FunctionalInterface
public interface Step {

    /// Runs the step, on a virtual thread, and can block for any time. An interrupt means stop. If a worker dies during
    /// the step, another worker runs it again from its beginning.
    ///
    /// @param state the results of the steps before; immutable
    /// @param run the run that the step belongs to
    /// @return the new values of the state. Allowed are texts, numbers, booleans, lists, records, {@link
    ///     dev.antiphon.api.model.ModelTurn}s, and maps with texts as keys and without records or turns. They are
    ///     stored in the run's record, so all values together must stay below 1 MiB
    /// @throws Exception to end the message. Users see the message of a {@link dev.antiphon.api.model.ProviderFailure}
    ///     or a {@link WorkflowFailure}; the worker logs any other exception, and users see `internal`
    Map<String, Object> run(RunState state, StepRun run) throws Exception;
}
