package dev.antiphon.worker.workflow;

import dev.antiphon.protocol.ErrorCode;

import org.bsc.langgraph4j.GraphStateException;
import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// The workflows of a worker, and which one a request gets.
public final class Workflows {

    private final Map<String, CompiledWorkflow> byName = new LinkedHashMap<>();
    private final CompiledWorkflow fallback;

    /// Compiles the workflows.
    ///
    /// @param preferred answers requests that name none; null for the first
    /// @param maxSteps that one message may take, at least 1
    /// @throws IllegalArgumentException when two have one name, none has the preferred one, or a graph does not hold together
    public Workflows(
            Collection<? extends Workflow> workflows, @Nullable String preferred, int maxSteps) {
        for (Workflow workflow : workflows) {
            String name = workflow.name();
            if (!name.matches("[A-Za-z0-9_-]{1,64}")) {
                throw new IllegalArgumentException("'" + name + "' cannot name a workflow");
            }
            if (byName.putIfAbsent(name, compile(workflow, maxSteps)) != null) {
                throw new IllegalArgumentException("two workflows are named '" + name + "'");
            }
        }
        this.fallback = fallback(preferred);
    }

    private CompiledWorkflow fallback(@Nullable String preferred) {
        if (preferred == null) {
            return byName.values().iterator().next();
        }
        CompiledWorkflow chosen = byName.get(preferred);
        if (chosen == null) {
            throw new IllegalArgumentException(
                    "CHAT_DEFAULT_WORKFLOW names '"
                            + preferred
                            + "', but there are only "
                            + byName.keySet());
        }
        return chosen;
    }

    private static CompiledWorkflow compile(Workflow workflow, int maxSteps) {
        try {
            return new CompiledWorkflow(workflow, maxSteps);
        } catch (GraphStateException e) {
            throw new IllegalArgumentException(
                    "workflow '" + workflow.name() + "': " + e.getMessage(), e);
        }
    }

    /// The workflow for a request, or the default.
    ///
    /// @param name what the request names, or null
    /// @throws WorkflowFailure when there is none of that name
    public CompiledWorkflow choose(@Nullable String name) throws WorkflowFailure {
        CompiledWorkflow chosen = name == null ? fallback : byName.get(name);
        if (chosen == null) {
            throw new WorkflowFailure(
                    ErrorCode.WORKFLOW_NOT_FOUND,
                    "There is no workflow of that name; there are " + byName.keySet() + ".");
        }
        return chosen;
    }

    /// What answers a request that names none.
    public CompiledWorkflow fallback() {
        return fallback;
    }

    public Set<String> names() {
        return byName.keySet();
    }

    public Collection<CompiledWorkflow> all() {
        return byName.values();
    }
}
