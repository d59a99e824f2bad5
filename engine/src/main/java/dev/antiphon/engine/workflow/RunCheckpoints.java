package dev.antiphon.engine.workflow;

import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.checkpoint.BaseCheckpointSaver;
import org.bsc.langgraph4j.checkpoint.Checkpoint;

import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// Stores the graph's checkpoints in the run's record. One instance for all runs: the configuration names the run.
final class RunCheckpoints implements BaseCheckpointSaver {

    @Override
    public Optional<Checkpoint> get(RunnableConfig config) {
        return Execution.of(config)
                .from()
                .map(kept ->
                        Checkpoint.builder()
                                .nodeId(kept.step())
                                .nextNodeId(kept.next())
                                .state(kept.state())
                                .build());
    }

    @Override
    public RunnableConfig put(RunnableConfig config, Checkpoint checkpoint)
            throws InterruptedException {
        Execution execution = Execution.of(config);
        execution.at(checkpoint.getNodeId(), checkpoint.getNextNodeId(), checkpoint.getState());
        // Before the first step nothing has finished.
        if (!checkpoint.getNodeId().equals(StateGraph.START)) {
            execution.keep();
        }
        return config;
    }

    @Override
    public Collection<Checkpoint> list(RunnableConfig config) {
        return get(config).map(List::of).orElseGet(List::of);
    }

    @Override
    public Tag release(RunnableConfig config) {
        return new Tag(threadId(config), list(config));
    }
}
