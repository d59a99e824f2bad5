package dev.antiphon.worker.workflow;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bsc.langgraph4j.StateGraph.END;
import static org.bsc.langgraph4j.StateGraph.START;

import org.bsc.langgraph4j.GraphStateException;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

/// What the developer of a workflow is told that does not hold together.
final class WorkflowsTest {

    private static final String TYPE = Named.class.getName();

    private interface Drawing {
        StepGraph draw() throws GraphStateException;
    }

    private record Named(String name, Drawing drawing) implements Workflow {
        @Override
        public String description() {
            return "for a test";
        }

        @Override
        public StepGraph graph() throws GraphStateException {
            return drawing.draw();
        }
    }

    private static Workflows of(Workflow... workflows) {
        return new Workflows(List.of(workflows), null, 50);
    }

    private static StepGraph steps(String... names) throws GraphStateException {
        StepGraph graph = new StepGraph();
        for (String name : names) {
            graph.step(name, (_, _) -> Map.of());
        }
        return graph;
    }

    private static StepGraph one() throws GraphStateException {
        return steps("a").edge(START, "a").edge("a", END);
    }

    private static void refused(String reason, Drawing drawing) {
        assertThatThrownBy(() -> of(new Named("x", drawing)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("workflow 'x' (" + TYPE + "): " + reason);
    }

    @Test
    void whatGraphThrowsIsSaidInOneLine() {
        refused(
                "java.lang.IllegalStateException: no key",
                () -> {
                    throw new IllegalStateException("no key\nand more");
                });
    }

    @Test
    @SuppressWarnings("NullAway") // as developers do who do not check it
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
    void edgesAndRoutesLeadFromStepsToSteps() {
        refused(
                "the edge from 'a' leads to 'bb', which is no step; the steps are [a]",
                () -> steps("a").edge(START, "a").edge("a", "bb"));
        refused(
                "an edge or route begins at 'aa', which is no step; the steps are [a]",
                () -> steps("a").edge(START, "a").edge("aa", END));
        refused(
                "the route from 'a' leads to 'bx', which is no step; the steps are [a]",
                () -> steps("a").edge(START, "a").route("a", _ -> "bx", "bx"));
        refused("there are two edges from START to 'a'", () -> one().edge(START, "a"));
        refused(
                "'a' has a route and an edge; draw one of them, a route may name END too",
                () -> steps("a").edge(START, "a").route("a", _ -> "a", "a").edge("a", END));
    }

    @Test
    void everyStepIsReachedAndGoesOn() {
        refused(
                "no step comes first; draw an edge from START to the step that does",
                () -> steps("a").edge("a", END));
        refused(
                "nothing comes after step 'a'; draw an edge to the next step, or to END",
                () -> steps("a").edge(START, "a"));
        refused(
                "no way leads from START to step 'b'; draw one or remove it",
                () -> steps("a", "b").edge(START, "a").edge("a", END).edge("b", END));
    }

    @Test
    void stepsSideBySideMeetInTheNextOne() {
        refused(
                "the steps side by side after 'a' must all go on to the same step, but go on to [b2,"
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
                "step 'b' runs beside others, so it cannot have a route; put the route after the step"
                        + " in which they meet",
                () ->
                        steps("b", "c")
                                .edge(START, "b")
                                .edge(START, "c")
                                .route("b", _ -> END, END)
                                .edge("c", END));
    }
}
