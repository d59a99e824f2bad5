package dev.antiphon.engine.workflow;

import org.bsc.langgraph4j.state.AgentState;

import java.util.Map;

/// LangGraph4j's form of {@link dev.antiphon.api.workflow.RunState}.
final class GraphState extends AgentState {

    GraphState(Map<String, Object> data) {
        super(data);
    }
}
