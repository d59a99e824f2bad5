package dev.antiphon.engine.workflow;

import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.workflow.InvalidGraph;
import dev.antiphon.api.workflow.NeedsUser;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.api.workflow.WorkflowFailure;
import dev.antiphon.protocol.Json;

import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphInput;
import org.bsc.langgraph4j.GraphRepresentation;
import org.bsc.langgraph4j.internal.node.ParallelNode;
import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// A workflow that is ready to run. Thread-safe.
public final class CompiledWorkflow {

    private final String name;
    private final Workflow workflow;
    private final CompiledGraph<GraphState> graph;
    private final int maxSteps;

    /// The steps in the order in which they were added, including `__START__` and `__END__`.
    private final Set<String> nodes = new LinkedHashSet<>();

    /// The next steps of each step; true for those that the state decides on.
    private final Map<String, Map<String, Boolean>> edges = new LinkedHashMap<>();

    /// The steps that are followed by parallel steps.
    private final Set<String> forks = new HashSet<>();

    /// @param maxSteps the limit for one message, at least 1
    /// @throws InvalidGraph when the graph is inconsistent
    CompiledWorkflow(String name, Workflow workflow, int maxSteps) {
        this.name = name;
        this.workflow = workflow;
        this.maxSteps = maxSteps;
        StepGraph drawn = workflow.graph();
        if (drawn == null) {
            throw new InvalidGraph("graph() returned null");
        }
        GraphCheck.check(drawn);
        this.graph = StateGraphs.compile(drawn);
        nodes.add(StepGraph.START);
        nodes.addAll(drawn.steps().keySet());
        nodes.add(StepGraph.END);
        drawn.edges()
                .forEach((from, targets) -> {
                    targets.forEach(to -> draw(from, to, false));
                    if (targets.size() > 1) {
                        forks.add(from);
                    }
                });
        drawn.routes()
                .forEach((from, route) -> route.targets().forEach(to -> draw(from, to, true)));
    }

    private void draw(String from, String to, boolean conditional) {
        edges.computeIfAbsent(from, _ -> new LinkedHashMap<>()).put(to, conditional);
    }

    public String name() {
        return name;
    }

    /// The class that builds it.
    String type() {
        return workflow.getClass().getName();
    }

    int maxSteps() {
        return maxSteps;
    }

    Set<String> forks() {
        return forks;
    }

    /// Whether a checkpoint comes from this version of the graph, which can have changed since.
    public boolean knows(Checkpoint checkpoint) {
        String next = checkpoint.next();
        return nodes.contains(next)
                || forks.stream().map(ParallelNode::formatNodeId).anyMatch(next::equals);
    }

    /// Runs the graph, from its beginning or from a checkpoint. Blocks until its end is reached.
    ///
    /// @param from null for the beginning
    /// @throws NeedsUser when a step waits for its user
    /// @throws ProviderFailure when a step's model cannot answer
    /// @throws WorkflowFailure when a step cannot continue
    /// @throws InterruptedException when the run was cancelled or lost
    public void run(RunHost host, @Nullable Checkpoint from)
            throws NeedsUser, ProviderFailure, WorkflowFailure, InterruptedException {
        Execution execution = new Execution(this, host, from);
        GraphInput input = from == null ? GraphInput.args(Map.of()) : GraphInput.resume();
        try {
            for (var _ : graph.stream(input, execution.config())) {
                // the steps run when the graph's next output is requested
            }
        } catch (RuntimeException e) {
            throwAsItIs(execution.cause(e));
        } finally {
            execution.end();
        }
    }

    private static void throwAsItIs(Throwable cause)
            throws NeedsUser, ProviderFailure, WorkflowFailure, InterruptedException {
        switch (cause) {
            case NeedsUser e -> throw e;
            case ProviderFailure e -> throw e;
            case WorkflowFailure e -> throw e;
            case InterruptedException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(cause);
        }
    }

    /// As a diagram, in the language of Mermaid.
    public String mermaid() {
        return graph.getGraph(GraphRepresentation.Type.MERMAID, name(), true).content();
    }

    /// As in `GET /api/workflows`: name, description, nodes and edges.
    public ObjectNode describe() {
        ObjectNode json = Json.object();
        json.put("name", name());
        json.put("description", workflow.description());
        ArrayNode steps = json.putArray("nodes");
        nodes.forEach(steps::add);
        ArrayNode arrows = json.putArray("edges");
        edges.forEach((from, targets) ->
                targets.forEach((to, conditional) ->
                        arrows.addObject()
                                .put("from", from)
                                .put("to", to)
                                .put("conditional", conditional)));
        return json;
    }
}
