package dev.antiphon.engine.workflow;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import dev.antiphon.api.model.ModelAnswer;
import dev.antiphon.api.model.ModelTurn;
import dev.antiphon.api.model.ProviderFailure;
import dev.antiphon.api.model.ToolCall;
import dev.antiphon.api.model.ToolSpec;
import dev.antiphon.api.workflow.NeedsUser;
import dev.antiphon.api.workflow.RunState;
import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.StepRun;
import dev.antiphon.api.workflow.Workflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The default workflow: `analyze_intent → call_llm → format_response`, in which the model can call tools as often as
/// it is allowed to.
public final class ChatWorkflow implements Workflow {

    /// How many times the model can call tools; after that it must answer.
    static final int MAX_TOOL_ROUNDS = 8;

    private static final String INTENT = "intent";
    private static final String TURNS = "turns";
    private static final String ROUNDS = "rounds";

    /// The result of a run of this workflow.
    record Response(Intent.Kind intent, int characters, int toolCalls) {}

    @Override
    public String name() {
        return "chat";
    }

    @Override
    public String description() {
        return "Answers with the chosen model, which can use tools.";
    }

    @Override
    public StepGraph graph() {
        return new StepGraph()
                .step("analyze_intent", ChatWorkflow::analyzeIntent)
                .step("describe_tools", ChatWorkflow::describeTools)
                .step("call_llm", ChatWorkflow::callModel)
                .step("call_tools", ChatWorkflow::callTools)
                .step("format_response", ChatWorkflow::formatResponse)
                .edge(START, "analyze_intent")
                .route("analyze_intent", ChatWorkflow::byIntent, "describe_tools", "call_llm")
                .edge("describe_tools", "call_llm")
                .route("call_llm", ChatWorkflow::byToolCalls, "call_tools", "format_response")
                .edge("call_tools", "call_llm")
                .edge("format_response", END);
    }

    private static Map<String, Object> analyzeIntent(RunState state, StepRun run) {
        return Map.of(INTENT, Intent.of(run.request().message()));
    }

    private static String byIntent(RunState state) {
        return switch (intent(state)) {
            case CAPABILITIES -> "describe_tools";
            case CHAT -> "call_llm";
        };
    }

    private static Intent.Kind intent(RunState state) {
        return state.get(INTENT, Intent.class).orElseThrow().kind();
    }

    /// Makes the model answer from facts instead of from imagination.
    private static Map<String, Object> describeTools(RunState state, StepRun run) {
        StringBuilder tools = new StringBuilder("You can use these tools, and no others:");
        for (ToolSpec tool : run.tools()) {
            tools.append("\n- ").append(tool.name()).append(": ").append(tool.description());
        }
        if (run.tools().isEmpty()) {
            tools.append(" none.");
        }
        return Map.of(TURNS, List.of(new ModelTurn.Instruction(tools.toString())));
    }

    private static Map<String, Object> callModel(RunState state, StepRun run)
            throws ProviderFailure, NeedsUser, InterruptedException {
        int rounds = state.get(ROUNDS, Number.class).orElse(0).intValue();
        List<ModelTurn> turns = new ArrayList<>(run.conversation());
        turns.addAll(turns(state));
        ModelAnswer answer = run.stream(turns, rounds < MAX_TOOL_ROUNDS ? run.tools() : List.of());
        return Map.of(TURNS, with(turns(state), List.of(answer.turn())), ROUNDS, rounds + 1);
    }

    private static String byToolCalls(RunState state) {
        return wanted(state).isEmpty() ? "format_response" : "call_tools";
    }

    private static Map<String, Object> callTools(RunState state, StepRun run)
            throws NeedsUser, InterruptedException {
        List<ModelTurn> results = new ArrayList<>();
        for (ToolCall call : wanted(state)) {
            results.add(run.call(call).forModel());
        }
        return Map.of(TURNS, with(turns(state), results));
    }

    private static Map<String, Object> formatResponse(RunState state, StepRun run)
            throws InterruptedException {
        int characters = 0;
        int toolCalls = 0;
        for (ModelTurn turn : turns(state)) {
            if (turn instanceof ModelTurn.Assistant assistant) {
                characters += assistant.text().length();
                toolCalls += assistant.toolCalls().size();
            }
        }
        if (characters == 0) {
            run.say("The model ended without an answer.");
        }
        return Map.of("response", new Response(intent(state), characters, toolCalls));
    }

    private static List<ModelTurn> turns(RunState state) {
        return state.list(TURNS, ModelTurn.class);
    }

    /// The tools that the model's last answer calls.
    private static List<ToolCall> wanted(RunState state) {
        List<ModelTurn> turns = turns(state);
        return !turns.isEmpty() && turns.getLast() instanceof ModelTurn.Assistant last
                ? last.toolCalls()
                : List.of();
    }

    private static List<ModelTurn> with(List<ModelTurn> turns, List<? extends ModelTurn> more) {
        List<ModelTurn> all = new ArrayList<>(turns);
        all.addAll(more);
        return List.copyOf(all);
    }
}
