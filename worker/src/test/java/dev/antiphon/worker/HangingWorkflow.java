package dev.antiphon.worker;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.workflow.RunState;
import dev.antiphon.api.workflow.Step;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.StepRun;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.protocol.Json;
import dev.antiphon.worker.extension.Jar;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Workflows that record their steps, and hang during the last one. Extensions' classes extend it, one for each name.
public class HangingWorkflow implements Workflow {

    private static final List<String> NAMES =
            List.of(
                    "half",
                    "other",
                    "less",
                    "streams",
                    "before",
                    "thinks",
                    "fires",
                    "looks",
                    "recorded",
                    "branches",
                    "beside",
                    "asks",
                    "demo");

    private static final String TURNS = "turns";

    private final String name;

    protected HangingWorkflow(String name) {
        this.name = name;
    }

    static Jar into(Jar jar) {
        for (String name : NAMES) {
            String type = "Workflow_" + name;
            jar.source(
                            type,
                            "public class %s extends %s { public %s() { super(\"%s\"); } }"
                                    .formatted(type, HangingWorkflow.class.getName(), type, name))
                    .service(Workflow.class, type);
        }
        return jar;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return "for a test";
    }

    @Override
    public StepGraph graph() {
        return switch (name) {
            case "half" -> after(HangingWorkflow::first, HangingWorkflow::half);
            case "other" -> after(HangingWorkflow::first, HangingWorkflow::other);
            case "less" -> after(HangingWorkflow::first, HangingWorkflow::less);
            case "streams" -> after(HangingWorkflow::first, HangingWorkflow::streams);
            case "before" -> after(HangingWorkflow::first, HangingWorkflow::before);
            case "thinks" -> after(HangingWorkflow::first, HangingWorkflow::thinks);
            case "fires" -> after(calling("fire", true), HangingWorkflow::tell);
            case "looks" -> after(calling("look", true), HangingWorkflow::tell);
            case "recorded" -> after(HangingWorkflow::recorded, HangingWorkflow::tell);
            case "branches" -> fork(HangingWorkflow::streams);
            case "beside" -> fork(HangingWorkflow::half);
            case "asks" -> after(HangingWorkflow::first, HangingWorkflow::asks);
            case "demo" -> after(HangingWorkflow::model, HangingWorkflow::half);
            default -> throw new IllegalStateException(name);
        };
    }

    private static StepGraph after(Step first, Step second) {
        return new StepGraph()
                .step("one", first)
                .step("two", second)
                .edge(START, "one")
                .edge("one", "two")
                .edge("two", END);
    }

    /// One branch calls its model, writes its word and is done; the other is the step.
    private static StepGraph fork(Step step) {
        return new StepGraph()
                .step("left", HangingWorkflow::left)
                .step("right", step)
                .step("join", HangingWorkflow::join)
                .edge(START, "left")
                .edge(START, "right")
                .edge("left", "join")
                .edge("right", "join")
                .edge("join", END);
    }

    private static String session(StepRun run) {
        return run.request().sessionId().value();
    }

    private static Map<String, Object> first(RunState state, StepRun run) throws Exception {
        Ledger.note(session(run), "first");
        run.say("First. ");
        return Map.of();
    }

    private static Map<String, Object> left(RunState state, StepRun run) throws Exception {
        Ledger.note(session(run), "left");
        String name = session(run) + "-left"; // different from the other branch's question
        run.say(run.think(List.of(new ModelTurn.User(name))).turn().text());
        return Map.of("left", name);
    }

    private static Map<String, Object> join(RunState state, StepRun run) throws Exception {
        run.say("Joined with " + state.get("left", String.class).orElseThrow());
        return Map.of();
    }

    private static Map<String, Object> half(RunState state, StepRun run) throws Exception {
        Ledger.note(session(run), "second");
        run.say("Half ");
        Ledger.hang(session(run));
        run.say("done. ");
        return Map.of();
    }

    /// Writes another text in each process.
    private static Map<String, Object> other(RunState state, StepRun run) throws Exception {
        run.say(Ledger.isHanging() ? "By the first. " : "By the second. ");
        Ledger.hang(session(run));
        return Map.of();
    }

    /// Writes nothing in the second process.
    private static Map<String, Object> less(RunState state, StepRun run) throws Exception {
        if (Ledger.isHanging()) {
            run.say("Too much.");
        }
        Ledger.hang(session(run));
        return Map.of();
    }

    private static Map<String, Object> streams(RunState state, StepRun run) throws Exception {
        run.say("Model: ");
        run.stream(run.conversation(), List.of());
        return Map.of();
    }

    /// Hangs after it has written text and before it has called its model.
    private static Map<String, Object> before(RunState state, StepRun run) throws Exception {
        run.say("Model: ");
        Ledger.hang(session(run));
        run.stream(run.conversation(), List.of());
        return Map.of();
    }

    private static Map<String, Object> model(RunState state, StepRun run) throws Exception {
        run.stream(run.conversation(), List.of());
        return Map.of();
    }

    private static Map<String, Object> thinks(RunState state, StepRun run) throws Exception {
        run.say("Thought: ");
        run.say(run.think(run.conversation()).turn().text());
        return Map.of();
    }

    private static Step calling(String tool, boolean hangs) {
        return (_, run) -> called(run, tool, hangs);
    }

    private static Map<String, Object> called(StepRun run, String tool, boolean hangs)
            throws Exception {
        ToolCall call = new ToolCall("c1", tool, "{\"hang\":" + hangs + "}");
        ModelTurn result = run.call(call).forModel();
        return Map.of(TURNS, List.of(new ModelTurn.Assistant("", List.of(call), ""), result));
    }

    private static Map<String, Object> recorded(RunState state, StepRun run) throws Exception {
        Map<String, Object> turns = called(run, "fire", false);
        Ledger.hang(session(run));
        return turns;
    }

    /// Makes the model answer with the result of a tool.
    private static Map<String, Object> tell(RunState state, StepRun run) throws Exception {
        List<ModelTurn> turns = new ArrayList<>(run.conversation());
        turns.addAll(state.list(TURNS, ModelTurn.class));
        run.stream(turns, List.of());
        return Map.of();
    }

    private static Map<String, Object> asks(RunState state, StepRun run) throws Exception {
        run.say(run.ask(Json.object().put("question", "Colour?")));
        return Map.of();
    }
}
