package dev.antiphon.engine.run;

import dev.antiphon.engine.workflow.Workflows;
import dev.antiphon.tools.ToolRunner;
import dev.antiphon.tools.ToolSelection;

/// The common parts of all runs of a worker.
///
/// @param window selects the part of a conversation that a model sees
/// @param approved the tools that run only when the user has approved the call
public record RunParts(
        Providers providers,
        Workflows workflows,
        ContextWindow window,
        ToolRunner tools,
        ToolSelection approved) {}
