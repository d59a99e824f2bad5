package dev.antiphon.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.ModelCall.Kept;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// The comparison of an attempt's text with the text in the log.
final class ReplayTest {

    private final AtomicInteger repeated = new AtomicInteger();

    private Replay of(String text, boolean isMoreThanText, @Nullable Kept kept, String textOfKept) {
        return new Replay(
                new Streamed(0, isMoreThanText, Set.of(), text, kept, textOfKept, 0),
                repeated::incrementAndGet);
    }

    private Replay of(String text) {
        return of(text, false, null, "");
    }

    @Test
    void repeatedTextIsNotNewInWhateverPiecesItComes() {
        Replay replay = of("one two");

        assertThat(replay.next("on")).contains("");
        assertThat(replay.next("")).contains("");
        assertThat(replay.rest()).isEqualTo("e two");
        assertThat(replay.next("e two")).contains("");
        assertThat(replay.isIncomplete()).isFalse();
        assertThat(replay.isOpen()).isTrue();
        assertThat(repeated).hasValue(1);
    }

    @Test
    void onlyTheTextAfterTheRepeatedTextIsNew() {
        Replay replay = of("one");

        assertThat(replay.next("one two")).contains(" two");
        assertThat(replay.next(" three")).contains(" three");
        assertThat(replay.isOpen()).isFalse();
        assertThat(repeated).hasValue(1);
    }

    @Test
    void aDifferenceIsReportedUntilTheComparisonEnds() {
        Replay replay = of("one");

        assertThat(replay.next("o")).contains("");
        assertThat(replay.next("x")).isEmpty();
        assertThat(replay.next("nx")).isEmpty();
        assertThat(replay.isIncomplete()).isTrue();
        replay.end();

        assertThat(replay.next("x")).contains("x");
        assertThat(replay.isIncomplete()).isFalse();
        assertThat(repeated).hasValue(0);
    }

    @Test
    void withoutEarlierTextEverythingIsNew() {
        Replay replay = of("");

        assertThat(replay.isOpen()).isFalse();
        assertThat(replay.next("one")).contains("one");
        assertThat(repeated).hasValue(0);
    }

    @Test
    void reasoningAndToolCallsRemainBehindTheText() {
        assertThat(of("").isAtEnd()).isTrue();
        assertThat(of("one").isAtEnd()).isFalse();
        assertThat(of("", true, null, "").isAtEnd()).isFalse();
        assertThat(of("", true, null, "").isOpen()).isTrue();
    }

    @Test
    void aKeptAnswerIsFoundWhereItBegins() {
        Kept kept = new Kept("h1", "");
        Replay replay = of("own kept", false, kept, "kept");

        assertThat(replay.keptHere()).isNull();
        assertThat(replay.next("own ")).contains("");
        assertThat(replay.keptHere()).isEqualTo(kept);
        replay.end();
        assertThat(replay.keptHere()).isNull();

        assertThat(of("", false, kept, "").keptHere()).isEqualTo(kept);
    }

    @Test
    void theWorkGrowsWithTheTextAndNotWithItsSquare() {
        assertThat(Allocation.ratio(pieces -> repeatInPieces(pieces), 2_000, 16_000))
                .isLessThan(16);
    }

    private void repeatInPieces(int pieces) {
        Replay replay = of("word ".repeat(pieces));
        for (int i = 0; i < pieces; i++) {
            assertThat(replay.next("word ").orElseThrow().isEmpty()).isTrue();
        }
    }
}
