package dev.antiphon.worker.workflow;

import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.internal.edge.Edge;
import org.bsc.langgraph4j.internal.edge.EdgeValue;
import org.bsc.langgraph4j.internal.node.Node;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Whether a graph holds together, before LangGraph4j compiles it: that accepts some which break only when a message comes,
/// and says of the others what only its own developers understand.
final class GraphCheck {

    private final Set<String> steps = new LinkedHashSet<>();
    private final Map<String, Edge<RunState>> edges = new LinkedHashMap<>();

    private GraphCheck(Collection<Node<RunState>> nodes, Collection<Edge<RunState>> edges) {
        nodes.forEach(node -> steps.add(node.id()));
        edges.forEach(edge -> this.edges.put(edge.sourceId(), edge));
    }

    /// Looks at all of a graph.
    ///
    /// @throws GraphStateException with one line for who has drawn it
    static void check(StepGraph graph) throws GraphStateException {
        GraphCheck check =
                graph.reduce((nodes, edges) -> new GraphCheck(nodes.elements, edges.elements));
        for (Edge<RunState> edge : check.edges.values()) {
            check.ends(edge);
        }
        check.ways();
        for (Edge<RunState> edge : check.edges.values()) {
            check.branches(edge);
        }
    }

    /// Both ends are steps, and a step has one way of going on.
    private void ends(Edge<RunState> edge) throws GraphStateException {
        String from = shown(edge.sourceId());
        if (!edge.sourceId().equals(StateGraph.START) && !steps.contains(edge.sourceId())) {
            throw new GraphStateException(
                    "an edge or route begins at " + from + ", which is no step; " + known());
        }
        boolean route = edge.targets().stream().anyMatch(target -> target.id() == null);
        if (route && edge.isParallel()) {
            throw new GraphStateException(
                    from + " has a route and an edge; draw one of them, a route may name END too");
        }
        Set<String> seen = new HashSet<>();
        for (String target : targets(edge)) {
            if (!target.equals(StateGraph.END) && !steps.contains(target)) {
                throw new GraphStateException(
                        "%s from %s leads to %s, which is no step; %s"
                                .formatted(
                                        route ? "the route" : "the edge",
                                        from,
                                        shown(target),
                                        known()));
            }
            if (!seen.add(target) && !route) {
                throw new GraphStateException(
                        "there are two edges from " + from + " to " + shown(target));
            }
        }
    }

    /// From the beginning every step is reached, and from every step it goes on.
    private void ways() throws GraphStateException {
        if (!edges.containsKey(StateGraph.START)) {
            throw new GraphStateException(
                    "no step comes first; draw an edge from START to the step that does");
        }
        for (String step : steps) {
            if (!edges.containsKey(step)) {
                throw new GraphStateException(
                        "nothing comes after step '"
                                + step
                                + "'; draw an edge to the next step, or to END");
            }
        }
        Set<String> reached = reached();
        for (String step : steps) {
            if (!reached.contains(step)) {
                throw new GraphStateException(
                        "no way leads from START to step '" + step + "'; draw one or remove it");
            }
        }
    }

    private Set<String> reached() {
        Set<String> reached = new HashSet<>();
        Deque<String> ahead = new ArrayDeque<>(List.of(StateGraph.START));
        while (!ahead.isEmpty()) {
            Edge<RunState> edge = edges.get(ahead.remove());
            if (edge != null) {
                targets(edge).stream().filter(reached::add).forEach(ahead::add);
            }
        }
        return reached;
    }

    /// Steps side by side all go on to the same one.
    private void branches(Edge<RunState> fork) throws GraphStateException {
        if (!fork.isParallel()) {
            return;
        }
        Set<String> next = new TreeSet<>();
        for (String branch : targets(fork)) {
            Edge<RunState> edge = edges.get(branch);
            if (edge == null) {
                continue; // END
            }
            if (edge.targets().stream().anyMatch(target -> target.id() == null)) {
                throw new GraphStateException(
                        "step '"
                                + branch
                                + "' runs beside others, so it cannot have a route; put the route"
                                + " after the step in which they meet");
            }
            next.addAll(targets(edge));
        }
        if (next.size() > 1) {
            throw new GraphStateException(
                    "the steps side by side after %s must all go on to the same step, but go on to %s;"
                                    .formatted(shown(fork.sourceId()), next)
                            + " a branch is one step long: do what it needs in that step");
        }
    }

    private static List<String> targets(Edge<RunState> edge) {
        List<String> targets = new ArrayList<>();
        for (EdgeValue<RunState> target : edge.targets()) {
            if (target.id() != null) {
                targets.add(target.id());
            } else {
                targets.addAll(target.value().mappings().values());
            }
        }
        return targets;
    }

    private static String shown(String step) {
        return step.equals(StateGraph.START) ? "START" : "'" + step + "'";
    }

    private String known() {
        return "the steps are " + steps;
    }
}
