/// Workflows: graphs of steps that answer a message. An extension with a workflow implements
/// {@link dev.antiphon.api.workflow.Workflow}.
@NullMarked
package dev.antiphon.api.workflow;

import org.jspecify.annotations.NullMarked;
