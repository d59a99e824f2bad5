package dev.antiphon.chaos.history;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

final class RecordedHistoryTest {

    @TempDir Path folder;

    @Test
    void aWrittenHistoryIsReadBySession() throws IOException {
        Path file = folder.resolve("history.jsonl.gz");
        List<HistoryLine> ofS1 = new ArrayList<>();
        List<HistoryLine> faultLines = new ArrayList<>();
        try (HistoryWriter writer = HistoryWriter.create(file)) {
            faultLines.add(writer.write(at -> new HistoryLine.Run(at, 7, 1)));
            ofS1.add(writer.write(at -> new HistoryLine.Open(at, "s1.1", 1, "s1", "g", null)));
            ofS1.add(writer.write(at -> new HistoryLine.Ask(at, "s1", "m", "text \n é", "g")));
            ofS1.add(writer.write(at -> new HistoryLine.Asked(at, "s1", "m", 202, "{}")));
            ofS1.add(
                    writer.write(
                            at -> new HistoryLine.Event(at, "s1.1", 1, "1.1.0", "chunk", "{}")));
            faultLines.add(
                    writer.write(at ->
                            new HistoryLine.Fault(
                                    at,
                                    1,
                                    FaultKind.WORKER_KILL,
                                    "worker-1",
                                    List.of(new MessageRef("s1", "m")),
                                    List.of())));
            faultLines.add(writer.write(at -> new HistoryLine.Healed(at, 1)));
            ofS1.add(writer.write(at -> new HistoryLine.Cancel(at, "s1", "m", "g")));
            ofS1.add(writer.write(at -> new HistoryLine.Cancelled(at, "s1", "m", 0, "")));
            ofS1.add(writer.write(at -> new HistoryLine.Close(at, "s1.1", 1, "ended")));
            ofS1.add(writer.write(at -> new HistoryLine.Entry(at, "s1", "1.1.0", "chunk", "{}")));
            ofS1.add(writer.write(at -> new HistoryLine.Messages(at, "s1", 200, "{}")));
            ofS1.add(writer.write(at -> new HistoryLine.Over(at, "s1")));
        }

        RecordedHistory read = RecordedHistory.read(file);

        assertThat(read.sessions()).containsOnlyKeys("s1").containsEntry("s1", ofS1);
        assertThat(read.faultLines()).isEqualTo(faultLines);
        assertThat(read.faults()).hasSize(1);
    }
}
