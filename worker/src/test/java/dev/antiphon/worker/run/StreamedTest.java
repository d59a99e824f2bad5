package dev.antiphon.worker.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Json;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.worker.provider.ModelCall.Kept;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a next attempt makes of the chunks that are there.
final class StreamedTest {

    private static final ChunkBody KEPT =
            new ChunkBody.Status(Streamed.KEPT, Json.object().put("handle", "h1"));

    private static Streamed of(ChunkBody... bodies) {
        return of(false, bodies);
    }

    private static Streamed of(boolean toolsAreTheirs, ChunkBody... bodies) {
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
        return Streamed.of(chunks, 0, toolsAreTheirs);
    }

    @Test
    void whatAKeptCallBroughtIsToldFromWhatCameBefore() {
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
                                "it is"));
    }

    @Test
    void aCallThatWasWithdrawnOrHadItsToolsRunIsNotContinued() {
        ChunkBody result = new ChunkBody.ToolResult("call_1", "clock", "noon");

        assertThat(of(KEPT, new ChunkBody.Content("a"), new ChunkBody.Reset(0)))
                .isEqualTo(new Streamed(0, true, Set.of(), "", null, ""));
        assertThat(of(KEPT, new ChunkBody.Content("a"), result).kept()).isNull();
    }

    @Test
    void anAnswerWhoseToolsTheServiceRunsGoesOnAfterTheirResults() {
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
                                "It is"));
    }

    @Test
    void anAnswerThatNobodyKeepsIsTextAlone() {
        assertThat(of(new ChunkBody.Content("a"), new ChunkBody.Content("b")))
                .isEqualTo(new Streamed(0, false, Set.of(), "ab", null, ""));
    }

    @Test
    void whatToolsOfOursBroughtIsNothingToWithdraw() {
        ChunkBody result = new ChunkBody.ToolResult("call_1", "clock", "noon");

        assertThat(of(result).isAnything()).isFalse();
        assertThat(of(true, result).isAnything()).isTrue();
        assertThat(of(new ChunkBody.Content("a")).isAnything()).isTrue();
        assertThat(of(new ChunkBody.Reasoning("hm")).isAnything()).isTrue();
    }
}
