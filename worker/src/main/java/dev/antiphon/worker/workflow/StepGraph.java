package dev.antiphon.worker.workflow;

import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncEdgeAction;
import org.bsc.langgraph4j.serializer.StateSerializer;

import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A LangGraph4j graph of {@link Step}s: everything of `StateGraph` works as documented there, above all `addEdge`, `START`
/// and `END`. A step with edges to several others starts them side by side; those must all go on to the same one.
public final class StepGraph extends StateGraph<RunState> {

    /// An empty graph.
    public StepGraph() {
        super(new Unchanged());
    }

    /// Adds a step.
    ///
    /// @throws GraphStateException when there is one of that name
    public StepGraph step(String name, Step step) throws GraphStateException {
        addNode(name, (state, config) -> Execution.of(config).run(name, step, state));
        return this;
    }

    /// Adds an edge.
    ///
    /// @throws GraphStateException when it cannot be
    public StepGraph edge(String from, String to) throws GraphStateException {
        addEdge(from, to);
        return this;
    }

    /// Lets the state decide where it goes after a step.
    ///
    /// @param choice names one of `targets`
    /// @throws GraphStateException when `from` has a route already
    public StepGraph route(String from, Function<RunState, String> choice, String... targets)
            throws GraphStateException {
        addConditionalEdges(
                from,
                AsyncEdgeAction.edge_async(choice::apply),
                Arrays.stream(targets)
                        .collect(Collectors.toMap(Function.identity(), Function.identity())));
        return this;
    }

    /// The graph clones its state two or three times a step. Ours consists of values that never change, so it need not.
    private static final class Unchanged extends StateSerializer<RunState> {

        Unchanged() {
            super(RunState::new);
        }

        @Override
        public RunState cloneObject(RunState state) {
            return state;
        }

        @Override
        public void writeData(Map<String, Object> data, ObjectOutput out) {
            throw new UnsupportedOperationException("states are kept by RunCheckpoints");
        }

        @Override
        public Map<String, Object> readData(ObjectInput in) {
            throw new UnsupportedOperationException("states are kept by RunCheckpoints");
        }
    }
}
