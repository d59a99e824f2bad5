package dev.antiphon.worker.run;

import dev.antiphon.worker.provider.Providers;
import dev.antiphon.worker.tool.ToolRunner;
import dev.antiphon.worker.tool.ToolSelection;
import dev.antiphon.worker.workflow.Workflows;

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
