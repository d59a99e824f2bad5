package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.protocol.ChunkBody.Content;
import dev.antiphon.protocol.ChunkBody.Reasoning;
import dev.antiphon.protocol.ChunkBody.Reset;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

final class AnswerTextTest {

    private static String text(ChunkBody... chunks) {
        return text(List.of(chunks));
    }

    private static String text(List<ChunkBody> chunks) {
        AnswerText text = new AnswerText();
        chunks.forEach(text::add);
        return text.toString();
    }

    @Test
    void onlyContentIsText() {
        assertThat(text(new Content("Hel"), new Reasoning("hm"), new Content("lo")))
                .isEqualTo("Hello");
    }

    @Test
    void aResetWithdrawsItsChunkAndAllAfterIt() {
        assertThat(text(new Content("a"), new Content("b"), new Reset(1), new Content("c")))
                .isEqualTo("ac");
        assertThat(text(new Content("a"), new Content("b"), new Reset(0))).isEmpty();
        assertThat(text(new Content("a"), new Reset(7), new Content("b"))).isEqualTo("ab");
    }

    /// A second take-over can withdraw the text that followed the first.
    @Test
    void aResetFromAWithdrawnChunkWithdrawsWhatReplacedIt() {
        assertThat(
                        text(
                                new Content("a"),
                                new Content("b"),
                                new Content("c"),
                                new Reset(1),
                                new Content("d"),
                                new Reset(2),
                                new Content("e")))
                .isEqualTo("ae");
    }

    @Test
    void itIsTheTextThatRemainsAfterEachResetRemovedTheChunksFromItsOn() {
        for (long seed = 0; seed < 1_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<ChunkBody> chunks = new ArrayList<>();
            List<String> pieces = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                if (random.nextInt(4) == 0) {
                    int from = random.nextInt(i + 2);
                    chunks.add(new Reset(from));
                    pieces.add("");
                    Collections.fill(pieces.subList(Math.min(from, i), i), "");
                } else {
                    String piece = "x".repeat(random.nextInt(3)) + i;
                    chunks.add(new Content(piece));
                    pieces.add(piece);
                }
            }

            assertThat(text(chunks)).as("seed %d", seed).isEqualTo(String.join("", pieces));
        }
    }
}
