package dev.antiphon.bench.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

final class EventsTest {

    private static final String STREAM =
            """
            event: connected
            data: {"session_id":"s"}
            retry: 1000

            : ping

            id: 1.2.00000000
            event: chunk
            data: {"message_id":"m","chunk_id":12,"chunk":"a \\"b\\" \\u0041"}

            """;

    @Test
    void eventsAreTheSameWhereverTheStreamIsCut() {
        byte[] bytes = STREAM.getBytes(StandardCharsets.UTF_8);
        for (int cut = 0; cut <= bytes.length; cut++) {
            List<String> seen = new ArrayList<>();
            Events events =
                    new Events(event ->
                            seen.add(event.name() + "|" + event.id() + "|" + event.data()));
            events.read(bytes, 0, cut);
            events.read(bytes, cut, bytes.length);
            assertThat(seen)
                    .as("cut at " + cut)
                    .containsExactly(
                            "connected||{\"session_id\":\"s\"}",
                            "chunk|1.2.00000000|{\"message_id\":\"m\",\"chunk_id\":12,\"chunk\":\"a \\\"b\\\" \\u0041\"}");
        }
    }

    @Test
    void aChunkIsComparedWithItsPlaceInTheAnswer() {
        Question question =
                new Question("m", "demo", "", "so a \"b\" A".getBytes(StandardCharsets.UTF_8), 0);
        Answer answer = new Answer(question, 0);
        List<Fault> faults = new ArrayList<>();
        Events events =
                new Events(event -> {
                    Fault fault = answer.take(event);
                    if (fault != null) {
                        faults.add(fault);
                    }
                });
        byte[] first =
                "event: chunk\ndata: {\"message_id\":\"m\",\"chunk_id\":0,\"chunk\":\"so \"}\n\n"
                        .getBytes(StandardCharsets.UTF_8);
        byte[] second =
                "event: chunk\r\ndata: {\"message_id\":\"m\",\"chunk_id\":1,\"chunk\":\"a \\\"b\\\" \\u0041\"}\r\n\r\n"
                        .getBytes(StandardCharsets.UTF_8);
        events.read(first, 0, first.length);
        events.read(second, 0, second.length);
        assertThat(faults).isEmpty();
        assertThat(answer.position()).isEqualTo(question.answer().length);
        assertThat(answer.end()).isNull();
    }
}
