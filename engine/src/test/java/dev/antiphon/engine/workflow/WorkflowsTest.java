package dev.antiphon.engine.workflow;

import static dev.antiphon.api.workflow.StepGraph.END;
import static dev.antiphon.api.workflow.StepGraph.START;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.workflow.StepGraph;
import dev.antiphon.api.workflow.Workflow;
import dev.antiphon.api.workflow.WorkflowFailure;
import dev.antiphon.protocol.ErrorCode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The errors that the developer of an inconsistent workflow gets.
final class WorkflowsTest {

    private static final String TYPE = Named.class.getName();

    private interface Drawing {
        StepGraph draw();
    }

    private record Named(String name, Drawing drawing) implements Workflow {
        @Override
        public String description() {
            return "for a test";
        }

        @Override
        public StepGraph graph() {
            return drawing.draw();
        }
    }

    private static Workflows of(Workflow... workflows) {
        return new Workflows(List.of(workflows), null, 50);
    }

    private static StepGraph steps(String... names) {
        StepGraph graph = new StepGraph();
        for (String name : names) {
            graph.step(name, (_, _) -> Map.of());
        }
        return graph;
    }

    private static StepGraph one() {
        return steps("a").edge(START, "a").edge("a", END);
    }

    private static void refused(String reason, Drawing drawing) {
        assertThatThrownBy(() -> of(new Named("x", drawing)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("workflow 'x' (" + TYPE + "): " + reason);
    }

    @Test
    void anExceptionOfGraphIsReportedInOneLine() {
        refused(
                "java.lang.IllegalStateException: no key",
                () -> {
                    throw new IllegalStateException("no key\nand more");
                });
    }

    @Test
    @SuppressWarnings("NullAway") // like a developer without a null checker
    void aMissingGraphOrNameIsNamed() {
        refused("graph() returned null", () -> null);
        assertThatThrownBy(() -> of(new Named(null, WorkflowsTest::one)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("workflow " + TYPE + ": name() returned null");
    }

    @Test
    void namesAreCheckedAndTheirClassesNamed() {
        assertThatThrownBy(() -> of(new Named("my trip", WorkflowsTest::one)))
                .hasMessage(
                        "workflow "
                                + TYPE
                                + ": 'my trip' cannot name a workflow; letters, digits, '_' and '-'"
                                + " can, 1 to 64");
        assertThatThrownBy(() -> of(new ChatWorkflow(), new Named("chat", WorkflowsTest::one)))
                .hasMessage(
                        "two workflows are named 'chat': "
                                + ChatWorkflow.class.getName()
                                + " and "
                                + TYPE);
    }

    @Test
    void theDefaultIsTheFirstOrTheOperatorsChoice() throws Exception {
        List<Workflow> two = List.of(new ChatWorkflow(), new Named("other", WorkflowsTest::one));

        assertThat(new Workflows(two, null, 20).choose(null).name()).isEqualTo("chat");
        assertThat(new Workflows(two, "other", 20).choose(null).name()).isEqualTo("other");
        assertThat(new Workflows(two, "other", 20).choose("chat").name()).isEqualTo("chat");
        assertThatThrownBy(() -> new Workflows(two, "others", 20))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("CHAT_DEFAULT_WORKFLOW names 'others'");
    }

    @Test
    void anUnknownWorkflowIsOneClearError() {
        assertThatThrownBy(() -> of(new ChatWorkflow()).choose("nothing"))
                .isInstanceOfSatisfying(
                        WorkflowFailure.class,
                        failure ->
                                assertThat(failure.code()).isEqualTo(ErrorCode.WORKFLOW_NOT_FOUND))
                .hasMessage("There is no workflow with that name; there are [chat].");
    }

    @Test
    void edgesAndRoutesLeadFromStepsToSteps() {
        refused(
                "the edge from 'a' leads to 'bb', which is not a step; the steps are [a]",
                () -> steps("a").edge(START, "a").edge("a", "bb"));
        refused(
                "an edge or route begins at 'aa', which is not a step; the steps are [a]",
                () -> steps("a").edge(START, "a").edge("aa", END));
        refused(
                "the route from 'a' leads to 'bx', which is not a step; the steps are [a]",
                () -> steps("a").edge(START, "a").route("a", _ -> "bx", "bx"));
        refused("there are two edges from START to 'a'", () -> one().edge(START, "a"));
        refused(
                "'a' has a route and an edge; keep one of them, a route can name END too",
                () -> steps("a").edge(START, "a").route("a", _ -> "a", "a").edge("a", END));
    }

    @Test
    void everyStepIsReachableAndContinues() {
        refused(
                "no step comes first; add an edge from START to the first step",
                () -> steps("a").edge("a", END));
        refused(
                "nothing comes after step 'a'; add an edge to the next step, or to END",
                () -> steps("a").edge(START, "a"));
        refused(
                "no path leads from START to step 'b'; add one or remove the step",
                () -> steps("a", "b").edge(START, "a").edge("a", END).edge("b", END));
    }

    @Test
    void stepsSideBySideMeetInTheNextOne() {
        refused(
                "the parallel steps after 'a' must all continue to the same step, but continue to [b2,"
                        + " d]; a branch is one step long: do what it needs in that step",
                () ->
                        steps("a", "b", "b2", "c", "d")
                                .edge(START, "a")
                                .edge("a", "b")
                                .edge("a", "c")
                                .edge("b", "b2")
                                .edge("b2", "d")
                                .edge("c", "d")
                                .edge("d", END));
        refused(
                "step 'b' runs in parallel with others, so it cannot have a route; put the route"
                        + " after the step in which they meet",
                () ->
                        steps("b", "c")
                                .edge(START, "b")
                                .edge(START, "c")
                                .route("b", _ -> END, END)
                                .edge("c", END));
    }

    @SuppressWarnings("NullAway") // a step that returns null breaks the rule on purpose
    private static Map<String, Object> left(String kind) {
        return switch (kind) {
            case "null" -> null;
            case "thread" -> Map.of("o", new Thread());
            case "set" -> Map.of("o", List.of(Set.of("q")));
            case "null within" -> Map.of("o", Arrays.asList("a", null));
            case "key" -> Map.of("o", Map.of(1, "a"));
            default -> throw new IllegalArgumentException(kind);
        };
    }

    private static String complaint(String kind) {
        return switch (kind) {
            case "null" ->
                    " returned null; a step returns the new values of the state, Map.of() for nothing";
            case "thread" -> " left in 'o' a java.lang.Thread; allowed are texts,";
            case "set" -> " left in 'o' a " + Set.of("q").getClass().getName() + "; allowed are";
            case "null within" -> " left in 'o' a null within; allowed are";
            case "key" -> " left in 'o' a map with a key of a java.lang.Integer; allowed are";
            default -> throw new IllegalArgumentException(kind);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "thread", "set", "null within", "key"})
    void invalidValuesAreRefusedWhenTheStepReturns(String kind) throws Exception {
        Workflows workflows =
                of(
                        new Named(
                                "x",
                                () ->
                                        new StepGraph()
                                                .step("s", (_, _) -> left(kind))
                                                .edge(START, "s")
                                                .edge("s", END)));
        RunHost host =
                (RunHost)
                        Proxy.newProxyInstance(
                                RunHost.class.getClassLoader(),
                                new Class<?>[] {RunHost.class},
                                (_, _, _) -> null);

        assertThatThrownBy(() -> workflows.choose("x").run(host, null))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("step 's' of workflow 'x'" + complaint(kind))
                .satisfies(broken ->
                        assertThat(broken.getSuppressed())
                                .extracting(Throwable::getMessage)
                                .containsExactly("step 's' of workflow 'x' failed"));
    }
}
