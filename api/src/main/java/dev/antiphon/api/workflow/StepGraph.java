package dev.antiphon.api.workflow;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The drawing of a workflow: steps, and what comes after each. A step with edges to several others starts them side by
/// side; those must all go on to the same one.
///
/// Not thread-safe: one thread draws it, and the worker only reads it afterwards. The worker checks the whole drawing when
/// it starts.
public final class StepGraph {

    /// Where every message begins. Not a step.
    public static final String START = "__START__";

    /// Where every message ends. Not a step.
    public static final String END = "__END__";

    private final Map<String, Step> steps = new LinkedHashMap<>();
    private final Map<String, List<String>> edges = new LinkedHashMap<>();
    private final Map<String, Route> routes = new LinkedHashMap<>();

    /// The state decides which step comes next.
    ///
    /// @param choice names one of the targets; runs on the thread of the run
    /// @param targets steps, or {@link #END}
    public record Route(Function<RunState, String> choice, List<String> targets) {

        public Route {
            targets = List.copyOf(targets);
        }
    }

    /// Adds a step.
    ///
    /// @param name unique within the graph; any text but {@link #START} and {@link #END}
    /// @throws InvalidGraph when another step has the name
    public StepGraph step(String name, Step step) {
        if (name.equals(START) || name.equals(END)) {
            throw new InvalidGraph("a step cannot have the name " + name);
        }
        if (steps.putIfAbsent(name, step) != null) {
            throw new InvalidGraph("there are two steps with the name '" + name + "'");
        }
        return this;
    }

    /// Adds an edge: after `from` comes `to`.
    ///
    /// @param from a step, or {@link #START}
    /// @param to a step, or {@link #END}
    public StepGraph edge(String from, String to) {
        edges.computeIfAbsent(from, _ -> new ArrayList<>()).add(to);
        return this;
    }

    /// Lets the state decide what comes after a step.
    ///
    /// @param from a step, or {@link #START}
    /// @param choice names one of `targets`
    /// @param targets steps, or {@link #END}
    /// @throws InvalidGraph when `from` has a route already
    public StepGraph route(String from, Function<RunState, String> choice, String... targets) {
        if (routes.putIfAbsent(from, new Route(choice, List.of(targets))) != null) {
            throw new InvalidGraph("'" + from + "' has two routes");
        }
        return this;
    }

    /// The steps by name, in the order in which they were added.
    public Map<String, Step> steps() {
        return Collections.unmodifiableMap(steps);
    }

    /// What comes after each step that has edges.
    public Map<String, List<String>> edges() {
        return Collections.unmodifiableMap(edges);
    }

    /// How each step with a route goes on.
    public Map<String, Route> routes() {
        return Collections.unmodifiableMap(routes);
    }
}
