package dev.antiphon.providers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ToolCall;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.stream.Stream;

/// The ways in which services stream several tool calls at once.
final class ToolCallsTest {

    private static final String ONE = "{\"x\":\"}1\"}";
    private static final String TWO = "{\"x\":{\"y\":2}}";

    /// The content of one event.
    record Said(@Nullable Integer index, String id, String name, String arguments) {}

    private static Said said(@Nullable Integer index, String id, String name, String arguments) {
        return new Said(index, id, name, arguments);
    }

    private static ToolCalls assembled(List<Said> pieces) {
        ToolCalls calls = new ToolCalls();
        for (Said each : pieces) {
            var _ = calls.take(each.index(), each.id(), each.name(), each.arguments());
        }
        return calls;
    }

    static Stream<Arguments> waysToSayTwoCalls() {
        return Stream.of(
                Arguments.of(
                        "one after the other, as documented",
                        List.of(
                                said(0, "a", "t", ""),
                                said(0, "", "", "{\"x\":"),
                                said(0, "", "", "\"}1\"}"),
                                said(1, "b", "t", ""),
                                said(1, "", "", TWO))),
                Arguments.of(
                        "in turns",
                        List.of(
                                said(0, "a", "t", ""),
                                said(1, "b", "t", ""),
                                said(0, "", "", "{\"x\":"),
                                said(1, "", "", "{\"x\":"),
                                said(0, "", "", "\"}1\"}"),
                                said(1, "", "", "{\"y\":2}}"))),
                Arguments.of(
                        "one index for both",
                        List.of(said(0, "a", "t", ONE), said(0, "b", "t", TWO))),
                Arguments.of(
                        "one index for both, in pieces",
                        List.of(
                                said(0, "a", "t", "{\"x\":"),
                                said(0, "", "", "\"}1\"}"),
                                said(0, "b", "t", "{\"x\":"),
                                said(0, "", "", "{\"y\":2}}"))),
                Arguments.of(
                        "no index", List.of(said(null, "a", "t", ONE), said(null, "b", "t", TWO))),
                Arguments.of(
                        "neither index nor id",
                        List.of(said(null, "", "t", ONE), said(null, "", "t", TWO))),
                Arguments.of(
                        "index and no id", List.of(said(0, "", "t", ONE), said(1, "", "t", TWO))),
                Arguments.of(
                        "id and name in every piece",
                        List.of(
                                said(0, "a", "t", "{\"x\":"),
                                said(1, "b", "t", "{\"x\":"),
                                said(0, "a", "t", "\"}1\"}"),
                                said(1, "b", "t", "{\"y\":2}}"))),
                Arguments.of(
                        "the name in every piece and no id",
                        List.of(
                                said(0, "", "t", "{\"x\":"),
                                said(0, "", "t", "\"}1\"}"),
                                said(0, "", "t", "{\"x\":"),
                                said(0, "", "t", "{\"y\":2}}"))),
                Arguments.of(
                        "an id of its own for every piece",
                        List.of(
                                said(0, "a", "t", ""),
                                said(0, "a2", "", ONE),
                                said(1, "b", "t", ""),
                                said(1, "b2", "", TWO))),
                Arguments.of(
                        "an index that shifts",
                        List.of(
                                said(0, "a", "t", "{\"x\":"),
                                said(1, "a", "", "\"}1\"}"),
                                said(2, "b", "t", "{\"x\":"),
                                said(3, "", "", "{\"y\":2}}"))),
                Arguments.of(
                        "a call that comes whole once more at its end",
                        List.of(
                                said(0, "a", "t", "{\"x\":"),
                                said(0, "", "", "\"}1\"}"),
                                said(0, "a", "t", ONE),
                                said(1, "b", "t", TWO))),
                Arguments.of(
                        "one id for both",
                        List.of(
                                said(0, "a", "t", ONE),
                                said(1, "a", "t", "{\"x\":"),
                                said(1, "a", "", "{\"y\":2}}"))),
                Arguments.of(
                        "a name in pieces",
                        List.of(
                                said(0, "a", "", ""),
                                said(0, "", "t", ""),
                                said(0, "", "", ONE),
                                said(1, "b", "t", TWO))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("waysToSayTwoCalls")
    void twoCallsAreSeparatedHoweverTheirPiecesAreMarked(String way, List<Said> pieces) {
        ToolCalls calls = assembled(pieces);

        assertThat(calls.isMixedUp()).isFalse();
        assertThat(calls.all()).extracting(ToolCall::name).containsExactly("t", "t");
        assertThat(calls.all()).extracting(ToolCall::arguments).containsExactly(ONE, TWO);
        assertThat(calls.all()).extracting(ToolCall::id).doesNotHaveDuplicates();
    }

    static Stream<Arguments> whatCannotBeToldApart() {
        return Stream.of(
                Arguments.of(
                        "pieces of two open calls without a mark",
                        List.of(
                                said(null, "a", "t", "{\"x\":"),
                                said(null, "b", "t", "{\"x\":"),
                                said(null, "", "", "1}"))),
                Arguments.of("a piece of no call", List.of(said(0, "", "", "{}"))),
                Arguments.of("a call without a name", List.of(said(0, "a", "", "{}"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("whatCannotBeToldApart")
    void indistinguishablePiecesAreAFailure(String what, List<Said> pieces) {
        assertThat(assembled(pieces).isMixedUp()).isTrue();
    }

    @Test
    void tooManyCallsAreAFailure() {
        ToolCalls calls = new ToolCalls();
        for (int i = 0; i < 129; i++) {
            var _ = calls.whole("", "t", "{}");
        }

        assertThat(calls.isMixedUp()).isTrue();
        assertThat(calls.all()).hasSize(128);
    }

    @Test
    void completeCallsWithOneIdAreTwo() {
        ToolCalls calls = new ToolCalls();
        var _ = calls.whole("a", "t", ONE);
        var _ = calls.whole("a", "t", TWO);

        assertThat(calls.all()).extracting(ToolCall::id).doesNotHaveDuplicates();
        assertThat(calls.all()).extracting(ToolCall::arguments).containsExactly(ONE, TWO);
    }
}
