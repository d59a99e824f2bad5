package dev.antiphon.engine.run;

import dev.antiphon.engine.workflow.Workflows;
import dev.antiphon.tools.ToolRunner;
import dev.antiphon.tools.ToolSelection;

/// What all runs of a worker have in common.
///
/// @param window what of a conversation a model sees
/// @param approved the tools that are called only when the user has allowed that call
public record RunParts(
        Providers providers,
        Workflows workflows,
        ContextWindow window,
        ToolRunner tools,
        ToolSelection approved) {}
