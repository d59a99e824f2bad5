package dev.antiphon.engine.workflow;

import dev.antiphon.api.workflow.InvalidGraph;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.api.workflow.WorkflowFailure;
import dev.antiphon.protocol.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// The workflows of a worker, and the choice of one for a request.
public final class Workflows {

    /// Most steps for one message in a worker, which stops graphs that loop forever.
    public static final int MAX_STEPS = 50;

    private final Map<String, CompiledWorkflow> byName = new LinkedHashMap<>();
    private final CompiledWorkflow fallback;

    /// Compiles the workflows.
    ///
    /// @param preferred answers requests that name none; null for the first
    /// @param maxSteps the limit for one message, at least 1
    /// @throws IllegalArgumentException when two have the same name, none has the preferred name, or a graph
    ///     is inconsistent
    public Workflows(
            Collection<? extends Workflow> workflows, @Nullable String preferred, int maxSteps) {
        for (Workflow workflow : workflows) {
            add(workflow, maxSteps);
        }
        this.fallback = fallback(preferred);
    }

    private void add(Workflow workflow, int maxSteps) {
        String type = workflow.getClass().getName();
        String name = name(workflow);
        CompiledWorkflow other = byName.get(name);
        if (other != null) {
            throw new IllegalArgumentException(
                    "two workflows are named '%s': %s and %s".formatted(name, other.type(), type));
        }
        try {
            byName.put(name, new CompiledWorkflow(name, workflow, maxSteps));
        } catch (InvalidGraph e) {
            throw refused(
                    "workflow '" + name + "' (" + type + "): " + firstLine(e.getMessage()), e);
        } catch (RuntimeException | LinkageError e) { // from an extension
            throw refused("workflow '" + name + "' (" + type + "): " + reason(e), e);
        }
    }

    private static String name(Workflow workflow) {
        String type = workflow.getClass().getName();
        String name;
        try {
            name = workflow.name();
        } catch (RuntimeException | LinkageError e) { // from an extension
            throw refused("workflow " + type + ": name() failed: " + reason(e), e);
        }
        if (name == null) {
            throw new IllegalArgumentException("workflow " + type + ": name() returned null");
        }
        if (!name.matches("[A-Za-z0-9_-]{1,64}")) {
            throw new IllegalArgumentException(
                    "workflow %s: '%s' cannot name a workflow; letters, digits, '_' and '-' can, 1 to 64"
                            .formatted(type, firstLine(name)));
        }
        return name;
    }

    private static IllegalArgumentException refused(String line, Throwable cause) {
        return new IllegalArgumentException(line, cause);
    }

    private static String reason(Throwable e) {
        return firstLine(e.toString());
    }

    private static String firstLine(@Nullable String text) {
        return text == null ? "" : text.lines().findFirst().orElse("");
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

    /// The workflow for a request, or the default.
    ///
    /// @param name the workflow that the request names, or null
    /// @throws WorkflowFailure when there is no workflow with this name
    public CompiledWorkflow choose(@Nullable String name) throws WorkflowFailure {
        CompiledWorkflow chosen = name == null ? fallback : byName.get(name);
        if (chosen == null) {
            throw new WorkflowFailure(
                    ErrorCode.WORKFLOW_NOT_FOUND,
                    "There is no workflow with that name; there are " + byName.keySet() + ".");
        }
        return chosen;
    }

    /// The workflow of requests that name none.
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
