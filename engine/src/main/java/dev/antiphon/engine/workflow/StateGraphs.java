package dev.antiphon.engine.workflow;

import dev.antiphon.api.workflow.RunState;
import dev.antiphon.api.workflow.StepGraph;

import org.bsc.langgraph4j.CompileConfig;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncEdgeAction;
import org.bsc.langgraph4j.serializer.StateSerializer;

import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Converts our graphs into LangGraph4j's graphs. The steps run within an {@link Execution}.
final class StateGraphs {

    private StateGraphs() {}

    /// @param drawn accepted by {@link GraphCheck}
    static CompiledGraph<GraphState> compile(StepGraph drawn) {
        StateGraph<GraphState> graph = new StateGraph<>(new Unchanged());
        try {
            for (var step : drawn.steps().entrySet()) {
                String name = step.getKey();
                graph.addNode(
                        name,
                        (state, config) ->
                                Execution.of(config)
                                        .run(name, step.getValue(), RunState.of(state.data())));
            }
            for (var edges : drawn.edges().entrySet()) {
                for (String to : edges.getValue()) {
                    graph.addEdge(edges.getKey(), to);
                }
            }
            for (var route : drawn.routes().entrySet()) {
                add(graph, route.getKey(), route.getValue());
            }
            return graph.compile(
                    CompileConfig.builder()
                            .checkpointSaver(new RunCheckpoints())
                            .recursionLimit(Integer.MAX_VALUE) // counted by Execution
                            .build());
        } catch (GraphStateException e) {
            throw new IllegalStateException("LangGraph4j refused a checked graph", e);
        }
    }

    private static void add(StateGraph<GraphState> graph, String from, StepGraph.Route route)
            throws GraphStateException {
        graph.addConditionalEdges(
                from,
                AsyncEdgeAction.edge_async(
                        state -> route.choice().apply(RunState.of(state.data()))),
                route.targets().stream()
                        .distinct()
                        .collect(Collectors.toMap(Function.identity(), Function.identity())));
    }

    /// The graph clones its state two or three times per step. Our states consist of immutable values, so cloning
    /// is unnecessary.
    private static final class Unchanged extends StateSerializer<GraphState> {

        Unchanged() {
            super(GraphState::new);
        }

        @Override
        public GraphState cloneObject(GraphState state) {
            return state;
        }

        @Override
        public void writeData(Map<String, Object> data, ObjectOutput out) {
            throw new UnsupportedOperationException("RunCheckpoints stores the states");
        }

        @Override
        public Map<String, Object> readData(ObjectInput in) {
            throw new UnsupportedOperationException("RunCheckpoints stores the states");
        }
    }
}
