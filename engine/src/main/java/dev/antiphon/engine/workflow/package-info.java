/// Workflows: LangGraph4j graphs whose steps answer a message, and what runs them.
///
/// A {@link dev.antiphon.api.workflow.Workflow} is what a developer writes; {@link
/// dev.antiphon.engine.workflow.ChatWorkflow} is the one that ships. The graph decides which step comes next and we
/// decide everything else: a step's tokens go through its {@link dev.antiphon.api.workflow.StepRun} into the log,
/// never through the graph's generators, and a finished step is kept in the run's record.
@NullMarked
package dev.antiphon.engine.workflow;

import org.jspecify.annotations.NullMarked;
