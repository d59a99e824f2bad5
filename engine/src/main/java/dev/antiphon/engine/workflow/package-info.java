/// Workflows: LangGraph4j graphs whose steps answer a message, and the code that runs them.
///
/// A developer implements {@link dev.antiphon.api.workflow.Workflow}; {@link dev.antiphon.engine.workflow.ChatWorkflow}
/// is the built-in workflow. LangGraph4j decides which step comes next, and this package does everything else: a step's
/// tokens go through its {@link dev.antiphon.api.workflow.StepRun} into the log, never through the generators of
/// LangGraph4j, and a finished step is stored in the run's record.
@NullMarked
package dev.antiphon.engine.workflow;

import org.jspecify.annotations.NullMarked;
