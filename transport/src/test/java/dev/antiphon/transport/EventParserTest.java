package dev.antiphon.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.api.model.CallLimits;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What the tests of the providers cannot see of the parser.
final class EventParserTest {

    @Test
    void linesOfAnEventAreJoinedAndALastWholeEventNeedsNoBlankLine() throws Exception {
        Duration limit = Duration.ofMinutes(1);
        CallLimits limits = new CallLimits(limit, limit, limit, limit);
        StreamCall call = new StreamCall(limits, (_, _) -> new Dialect.Verdict.Part());
        List<String> seen = new ArrayList<>();
        EventListener listener = (event, data) -> seen.add(event + "=" + data);
        byte[] stream =
                "event: a\r\ndata: 1\r\ndata: 2\r\n\r\ndata: 3\n\ndata: {\"a\":4}\n"
                        .getBytes(StandardCharsets.UTF_8);

        StreamParser.parse(new ByteArrayInputStream(stream), listener, call);

        assertThat(seen).containsExactly("a=1\n2", "null=3", "null={\"a\":4}");
    }
}
