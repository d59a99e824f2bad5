package dev.antiphon.api.workflow;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The graph of a workflow: its steps, and what comes after each. A step with edges to several other steps starts them
/// in parallel; those must all continue to the same step.
///
/// Not thread-safe. One thread builds the graph, and the worker only reads it afterwards. The worker checks the whole
/// graph when it starts.
public final class StepGraph {

    /// The beginning of every message. Not a step.
    public static final String START = "__START__";

    /// The end of every message. Not a step.
    public static final String END = "__END__";

    private final Map<String, Step> steps = new LinkedHashMap<>();
    private final Map<String, List<String>> edges = new LinkedHashMap<>();
    private final Map<String, Route> routes = new LinkedHashMap<>();

    /// A choice of the next step, made from the state.
    ///
    /// @param choice returns one of the targets; called on the thread of the run
    /// @param targets steps, or {@link #END}
    public record Route(Function<RunState, String> choice, List<String> targets) {

        public Route {
            targets = List.copyOf(targets);
        }
    }

    /// Adds a step.
    ///
    /// @param name unique within the graph; any text except {@link #START} and {@link #END}
    /// @param step what to run
    /// @return this graph
    /// @throws InvalidGraph when another step has the name, or the name is reserved
    public StepGraph step(String name, Step step) {
        if (name.equals(START) || name.equals(END)) {
            throw new InvalidGraph("a step cannot have the name " + name);
        }
        if (steps.putIfAbsent(name, step) != null) {
            throw new InvalidGraph("there are two steps with the name '" + name + "'");
        }
        return this;
    }

    /// Adds an edge: `to` comes after `from`.
    ///
    /// @param from a step, or {@link #START}
    /// @param to a step, or {@link #END}
    /// @return this graph
    public StepGraph edge(String from, String to) {
        edges.computeIfAbsent(from, _ -> new ArrayList<>()).add(to);
        return this;
    }

    /// Adds a route: the state decides what comes after `from`.
    ///
    /// @param from a step, or {@link #START}
    /// @param choice returns one of `targets`; called on the thread of the run
    /// @param targets steps, or {@link #END}
    /// @return this graph
    /// @throws InvalidGraph when `from` already has a route
    public StepGraph route(String from, Function<RunState, String> choice, String... targets) {
        if (routes.putIfAbsent(from, new Route(choice, List.of(targets))) != null) {
            throw new InvalidGraph("'" + from + "' has two routes");
        }
        return this;
    }

    /// The steps by name, in the order in which they were added. A read-only view.
    public Map<String, Step> steps() {
        return Collections.unmodifiableMap(steps);
    }

    /// The next steps of each step that has edges. A read-only view.
    public Map<String, List<String>> edges() {
        return Collections.unmodifiableMap(edges);
    }

    /// The route of each step that has one. A read-only view.
    public Map<String, Route> routes() {
        return Collections.unmodifiableMap(routes);
    }
}
