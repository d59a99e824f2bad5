package dev.antiphon.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.SplittableRandom;

final class EntryIdTest {

    @Test
    void theContractsIdIsReadAndWrittenAsItIs() {
        EntryId id = EntryId.parse("1.17.9f3ac210");

        assertThat(id).isEqualTo(new EntryId(1, 17, 0x9f3ac210));
        assertThat(id).hasToString("1.17.9f3ac210");
        assertThat(id.hashHex()).isEqualTo("9f3ac210");
    }

    @Test
    void everyIdIsReadAsItWasWritten() {
        for (long seed = 0; seed < 2_000; seed++) {
            EntryId id = Samples.entryId(new SplittableRandom(seed));

            assertThat(EntryId.parse(id.toString())).as("seed %d", seed).isEqualTo(id);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1.17",
                "1.17.",
                "1.17.9f3ac21",
                "1.17.9f3ac2100",
                "1.17.9F3AC210",
                "1.17.9f3ac210 ",
                " 1.17.9f3ac210",
                "1.17.9f3ac210\n",
                "0.17.9f3ac210",
                "01.17.9f3ac210",
                "1.017.9f3ac210",
                "-1.17.9f3ac210",
                "1.-17.9f3ac210",
                "+1.17.9f3ac210",
                "1,17,9f3ac210",
                "12345678901.17.9f3ac210",
                "1.1234567890123456.9f3ac210",
                "1.١٧.9f3ac210",
                "1.17.9f3ac210.1",
                "*.17.9f3ac210"
            })
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> EntryId.parse(text))
                .isInstanceOfSatisfying(
                        InvalidInput.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ID));
    }

    /// Computed by Redis itself: redis.sha1hex('00000000' .. 'message' .. '{}'), and so on.
    @Test
    void theChainIsTheOneThatTheScriptsCompute() {
        EntryId first = EntryId.start(7).next(EventName.MESSAGE, Samples.utf8("{}"));
        EntryId second = first.next(EventName.CHUNK, Samples.utf8("{\"chunk\":\"é😀\"}"));

        assertThat(first).hasToString("7.1.455821c0");
        assertThat(second).hasToString("7.2.2daca10e");
    }

    @Test
    void anotherEventOtherDataOrAnotherPastGivesAnotherHash() {
        EntryId here = EntryId.parse("1.17.9f3ac210");
        byte[] data = Samples.utf8("{}");

        assertThat(here.next(EventName.CHUNK, data).hash())
                .isNotEqualTo(here.next(EventName.MESSAGE, data).hash())
                .isNotEqualTo(here.next(EventName.CHUNK, Samples.utf8("{ }")).hash())
                .isNotEqualTo(EntryId.parse("1.17.9f3ac211").next(EventName.CHUNK, data).hash());
    }
}
