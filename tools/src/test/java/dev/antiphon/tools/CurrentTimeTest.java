package dev.antiphon.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.antiphon.api.tool.Tool;
import dev.antiphon.api.tool.ToolFailure;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.time.InstantSource;

final class CurrentTimeTest {

    private final Tool tool =
            new CurrentTime(InstantSource.fixed(Instant.parse("2025-07-04T22:30:05.123Z")));

    @Test
    void returnsTheTimeInAnyZone() throws Exception {
        assertThat(tool.call(Calls.json("{}"), Calls.CONTEXT))
                .isEqualTo("2025-07-04T22:30:05Z, Friday, in UTC");
        assertThat(tool.call(Calls.json("{\"zone\":\"Europe/Berlin\"}"), Calls.CONTEXT))
                .isEqualTo("2025-07-05T00:30:05+02:00, Saturday, in Europe/Berlin");
    }

    @Test
    void anUnknownZoneIsAnError() {
        assertThatThrownBy(() -> tool.call(Calls.json("{\"zone\":\"Mars/Base\"}"), Calls.CONTEXT))
                .isInstanceOf(ToolFailure.class)
                .hasMessageStartingWith("There is no time zone 'Mars/Base'");
    }
}
