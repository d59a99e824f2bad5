package dev.antiphon.engine.workflow;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import dev.antiphon.api.workflow.InvalidGraph;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.StepGraph.Route;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Checks whether a graph is consistent, before LangGraph4j compiles it. LangGraph4j accepts some graphs that fail only
/// when a message comes, and its messages about the others are for its own developers.
final class GraphCheck {

    private final Set<String> steps;
    private final Map<String, List<String>> edges;
    private final Map<String, Route> routes;

    private GraphCheck(StepGraph graph) {
        this.steps = graph.steps().keySet();
        this.edges = graph.edges();
        this.routes = graph.routes();
    }

    /// Checks a whole graph.
    ///
    /// @throws InvalidGraph with one line for its author
    static void check(StepGraph graph) {
        GraphCheck check = new GraphCheck(graph);
        Set<String> sources = check.sources();
        sources.forEach(check::ends);
        check.ways(sources);
        sources.forEach(check::branches);
    }

    private Set<String> sources() {
        Set<String> sources = new LinkedHashSet<>(edges.keySet());
        sources.addAll(routes.keySet());
        return sources;
    }

    /// Both ends of an edge are steps, and a step has only one way to continue.
    private void ends(String source) {
        String from = shown(source);
        if (!source.equals(START) && !steps.contains(source)) {
            throw new InvalidGraph(
                    "an edge or route begins at " + from + ", which is not a step; " + known());
        }
        boolean route = routes.containsKey(source);
        if (route && edges.containsKey(source)) {
            throw new InvalidGraph(
                    from + " has a route and an edge; keep one of them, a route can name END too");
        }
        Set<String> seen = new HashSet<>();
        for (String target : targets(source)) {
            if (!target.equals(END) && !steps.contains(target)) {
                throw new InvalidGraph(
                        "%s from %s leads to %s, which is not a step; %s"
                                .formatted(
                                        route ? "the route" : "the edge",
                                        from,
                                        shown(target),
                                        known()));
            }
            if (!seen.add(target) && !route) {
                throw new InvalidGraph("there are two edges from " + from + " to " + shown(target));
            }
        }
    }

    /// Every step is reachable from the beginning, and every step continues.
    private void ways(Set<String> sources) {
        if (!sources.contains(START)) {
            throw new InvalidGraph("no step comes first; add an edge from START to the first step");
        }
        for (String step : steps) {
            if (!sources.contains(step)) {
                throw new InvalidGraph(
                        "nothing comes after step '"
                                + step
                                + "'; add an edge to the next step, or to END");
            }
        }
        Set<String> reached = reached();
        for (String step : steps) {
            if (!reached.contains(step)) {
                throw new InvalidGraph(
                        "no path leads from START to step '"
                                + step
                                + "'; add one or remove the step");
            }
        }
    }

    private Set<String> reached() {
        Set<String> reached = new HashSet<>();
        Deque<String> ahead = new ArrayDeque<>(List.of(START));
        while (!ahead.isEmpty()) {
            targets(ahead.remove()).stream().filter(reached::add).forEach(ahead::add);
        }
        return reached;
    }

    /// Parallel steps all continue to the same step.
    private void branches(String fork) {
        List<String> branches = edges.getOrDefault(fork, List.of());
        if (branches.size() < 2) {
            return;
        }
        Set<String> next = new TreeSet<>();
        for (String branch : branches) {
            if (routes.containsKey(branch)) {
                throw new InvalidGraph(
                        "step '"
                                + branch
                                + "' runs in parallel with others, so it cannot have a route; put the route"
                                + " after the step in which they meet");
            }
            next.addAll(targets(branch));
        }
        if (next.size() > 1) {
            throw new InvalidGraph(
                    "the parallel steps after %s must all continue to the same step, but continue to %s;"
                                    .formatted(shown(fork), next)
                            + " a branch is one step long: do what it needs in that step");
        }
    }

    private List<String> targets(String source) {
        Route route = routes.get(source);
        return route == null ? edges.getOrDefault(source, List.of()) : route.targets();
    }

    private static String shown(String step) {
        return step.equals(START) ? "START" : "'" + step + "'";
    }

    private String known() {
        return "the steps are " + steps;
    }
}
