package dev.antiphon.chaos.history;

import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/// A history in the form that is checked: by session, with the faults.
///
/// @param sessions each session's lines in the order of their times
/// @param faultLines faults and recoveries, in the same order
public record RecordedHistory(
        Map<String, List<HistoryLine>> sessions, List<HistoryLine> faultLines) {

    public static RecordedHistory of(Iterable<HistoryLine> lines) {
        Map<String, List<HistoryLine>> sessions = new LinkedHashMap<>();
        Map<String, String> sessionOfTab = new LinkedHashMap<>();
        List<HistoryLine> faultLines = new ArrayList<>();
        for (HistoryLine line : lines) {
            String session =
                    switch (line) {
                        case HistoryLine.Ask each -> each.session();
                        case HistoryLine.Asked each -> each.session();
                        case HistoryLine.Cancel each -> each.session();
                        case HistoryLine.Cancelled each -> each.session();
                        case HistoryLine.Entry each -> each.session();
                        case HistoryLine.Messages each -> each.session();
                        case HistoryLine.Over each -> each.session();
                        case HistoryLine.Open each -> {
                            sessionOfTab.put(each.tab(), each.session());
                            yield each.session();
                        }
                        case HistoryLine.Event each -> sessionOfTab.getOrDefault(each.tab(), "");
                        case HistoryLine.Close each -> sessionOfTab.getOrDefault(each.tab(), "");
                        case HistoryLine.Run _, HistoryLine.Fault _, HistoryLine.Healed _ -> "";
                    };
            (session.isEmpty()
                            ? faultLines
                            : sessions.computeIfAbsent(session, _ -> new ArrayList<>()))
                    .add(line);
        }
        return new RecordedHistory(sessions, faultLines);
    }

    /// Reads the file of a {@link HistoryWriter}.
    public static RecordedHistory read(Path file) throws IOException {
        ObjectReader json = JsonMapper.shared().readerFor(HistoryLine.class);
        try (var lines =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(Files.newInputStream(file)),
                                StandardCharsets.UTF_8))) {
            List<HistoryLine> all = new ArrayList<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                all.add(json.readValue(line));
            }
            return of(all);
        }
    }

    public List<HistoryLine.Fault> faults() {
        return faultLines.stream()
                .filter(HistoryLine.Fault.class::isInstance)
                .map(HistoryLine.Fault.class::cast)
                .toList();
    }
}
