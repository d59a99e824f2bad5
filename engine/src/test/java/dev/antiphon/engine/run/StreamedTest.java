package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelCall.Kept;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.node.ObjectNode;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What the next attempt reads from the existing chunks.
final class StreamedTest {

    private static final ChunkBody KEPT =
            new ChunkBody.Status(Streamed.KEPT, Json.object().put("handle", "h1"));

    private static Streamed of(ChunkBody... bodies) {
        return of(false, bodies);
    }

    private static Streamed of(boolean toolsAreTheirs, ChunkBody... bodies) {
        return Streamed.of(chunks(bodies), 0, toolsAreTheirs);
    }

    private static List<byte[]> chunks(ChunkBody... bodies) {
        List<byte[]> chunks = new ArrayList<>();
        for (ChunkBody body : bodies) {
            chunks.add(
                    new Chunk(
                                    new SessionId("s"),
                                    new MessageId("m"),
                                    chunks.size(),
                                    body,
                                    null,
                                    Instant.EPOCH,
                                    "c")
                            .encode());
        }
        return chunks;
    }

    @Test
    void theTextOfAKeptCallIsSeparatedFromEarlierText() {
        Streamed streamed =
                of(
                        new ChunkBody.Reasoning("not this"),
                        new ChunkBody.Content("before "),
                        KEPT,
                        new ChunkBody.Reasoning("be"),
                        new ChunkBody.Reasoning("cause"),
                        new ChunkBody.Content("it "),
                        new ChunkBody.Content("is"));

        assertThat(streamed)
                .isEqualTo(
                        new Streamed(
                                0,
                                true,
                                Set.of(),
                                "before it is",
                                new Kept("h1", "because"),
                                "it is",
                                0));
    }

    @Test
    void aCallThatWasWithdrawnOrHadItsToolsRunIsNotContinued() {
        ChunkBody result = new ChunkBody.ToolResult("call_1", "clock", "noon");

        assertThat(of(KEPT, new ChunkBody.Content("a"), new ChunkBody.Reset(0)))
                .isEqualTo(new Streamed(0, true, Set.of(), "", null, "", 0));
        assertThat(of(KEPT, new ChunkBody.Content("a"), result).kept()).isNull();
    }

    @Test
    void anAnswerContinuesAfterTheResultsOfTheServicesTools() {
        Streamed streamed =
                of(
                        true,
                        KEPT,
                        new ChunkBody.ToolCall("call_1", "clock", "{\"zo"),
                        new ChunkBody.ToolCall("call_2", "clock", "{}"),
                        new ChunkBody.ToolCall("call_1", "clock", "ne\":1}"),
                        new ChunkBody.ToolResult("call_2", "clock", "noon"),
                        new ChunkBody.Content("It is"));

        assertThat(streamed)
                .isEqualTo(
                        new Streamed(
                                0,
                                true,
                                Set.of("call_2"),
                                "It is",
                                new Kept(
                                        "h1",
                                        "",
                                        Map.of("call_1", "{\"zone\":1}", "call_2", "{}"),
                                        Set.of("call_2")),
                                "It is",
                                0));
    }

    @Test
    void aCallThatNoAttemptKnowsAgainIsNotContinued() {
        ChunkBody aside =
                new ChunkBody.Status(
                        Streamed.KEPT,
                        Json.object().put(Streamed.HANDLE, "h2").put(Streamed.AGAIN, false));

        assertThat(of(aside, new ChunkBody.Content("a")).kept()).isNull();
        assertThat(of(KEPT, new ChunkBody.Content("a"), aside).kept())
                .isEqualTo(new Kept("h1", ""));
    }

    @Test
    void anAnswerThatNoServiceKeepsIsTextAlone() {
        assertThat(of(new ChunkBody.Content("a"), new ChunkBody.Content("b")))
                .isEqualTo(new Streamed(0, false, Set.of(), "ab", null, "", 0));
    }

    @Test
    void resultsOfOurToolsAreNotWithdrawn() {
        ChunkBody result = new ChunkBody.ToolResult("call_1", "clock", "noon");

        assertThat(of(result).isAnything()).isFalse();
        assertThat(of(true, result).isAnything()).isTrue();
        assertThat(of(new ChunkBody.Content("a")).isAnything()).isTrue();
        assertThat(of(new ChunkBody.Reasoning("hm")).isAnything()).isTrue();
    }

    @Test
    void theTextOfAServiceBeforeItsQuestionRemains() {
        Streamed streamed =
                of(
                        true,
                        KEPT,
                        new ChunkBody.Content("One moment. "),
                        asked(ServiceQuestion.of("[1]", 7)),
                        new ChunkBody.Status("resumed", Json.object()),
                        KEPT,
                        new ChunkBody.Content("Answer"),
                        asked(ServiceQuestion.of("[2]", null)),
                        new ChunkBody.Status("resumed", Json.object()),
                        KEPT);

        assertThat(streamed)
                .isEqualTo(new Streamed(7, false, Set.of(), "", new Kept("h1", ""), "", 7));
    }

    @Test
    void theWorkGrowsWithTheChunksAndNotWithTheirSquare() {
        assertThat(Allocation.ratio(chunks -> readAnswer(chunks, 0), 1_000, 8_000)).isLessThan(16);
        assertThat(Allocation.ratio(chunks -> readAnswer(chunks, chunks), 1_000, 8_000))
                .as("of finished steps")
                .isLessThan(16);
    }

    /// Reads an answer with text, and a tool call with arguments in as many pieces.
    private static void readAnswer(int chunks, int finished) {
        List<ChunkBody> bodies = new ArrayList<>();
        bodies.add(KEPT);
        for (int i = 1; i < chunks; i++) {
            bodies.add(
                    i % 2 == 0
                            ? new ChunkBody.Content("some words ")
                            : new ChunkBody.ToolCall("call_1", "clock", "some arguments "));
        }
        Streamed streamed = Streamed.of(chunks(bodies.toArray(new ChunkBody[0])), finished, false);
        assertThat(streamed.text().isEmpty()).isEqualTo(finished > 0);
    }

    @Test
    void eachAnswerGoesToWhoAsked() {
        List<byte[]> chunks =
                chunks(
                        asked(Json.object().put("question", "of a step that has finished")),
                        asked(Json.object().put("question", "Colour?")),
                        new ChunkBody.Status("resumed", Json.object()),
                        asked(ServiceQuestion.of("[1]", null)),
                        new ChunkBody.Status("resumed", Json.object()));

        assertThat(UserAnswers.of(List.of("green", "yes"), chunks, 1))
                .isEqualTo(new UserAnswers(List.of("green"), List.of("yes")));
        assertThat(UserAnswers.of(List.of("yes"), chunks, 0))
                .as("the steps start again after an update")
                .isEqualTo(new UserAnswers(List.of(), List.of("yes")));
        assertThat(UserAnswers.of(List.of(), chunks, 0)).isEqualTo(UserAnswers.NONE);
    }

    @Test
    void aServicesQuestionIsInWordsWhereItHasSome() {
        assertThat(words("[{\"id\":\"1\",\"value\":{\"question\":\"Really?\"}}]"))
                .isEqualTo("Really?");
        assertThat(words("[{\"id\":\"1\",\"value\":\"Red?\"},{\"id\":\"2\",\"value\":\"Blue?\"}]"))
                .isEqualTo("Red?\nBlue?");
        assertThat(words("[{\"value\":{\"action\":\"launch\"}}]"))
                .isEqualTo("{\"action\":\"launch\"}");
        assertThat(words("[]")).isEqualTo("May it continue?");
        assertThat(ServiceQuestion.of("[7]", null).get("asked").toString()).isEqualTo("[7]");
    }

    @Test
    void aServicesQuestionIsShortWhateverItSends() {
        String smiles = "\uD83D\uDE42".repeat(ServiceQuestion.MAX_FORM);

        ObjectNode question = ServiceQuestion.of("[\"x" + smiles + "\"]", null);

        assertThat(question.has("asked")).isFalse();
        assertThat(question.get("question").stringValue())
                .hasSize(ServiceQuestion.MAX_WORDS)
                .endsWith("\uD83D\uDE42…");
    }

    private static String words(String asked) {
        return ServiceQuestion.of(asked, null).get("question").stringValue();
    }

    private static ChunkBody asked(ObjectNode question) {
        ObjectNode details = Json.object();
        details.set("interrupt", question);
        return new ChunkBody.Status(ChunkBody.Status.INTERRUPT, details);
    }
}
