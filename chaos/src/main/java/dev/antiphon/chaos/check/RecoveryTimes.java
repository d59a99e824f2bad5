package dev.antiphon.chaos.check;

import dev.antiphon.chaos.history.FaultKind;
import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.HistoryLine.Event;
import dev.antiphon.chaos.history.HistoryLine.Fault;
import dev.antiphon.chaos.history.MessageRef;
import dev.antiphon.chaos.history.RecordedHistory;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// How long readers waited: from each fault to the next event of each answer that was in flight on the failed process.
/// Only single faults are measured, because during two faults a wait cannot be assigned to one of them.
public final class RecoveryTimes {

    /// An event right after a fault was already on its way.
    private static final long ON_ITS_WAY_MICROS = 50_000;

    private RecoveryTimes() {}

    /// Sorted times of one kind of fault, in milliseconds.
    @SuppressWarnings("ArrayRecordComponent") // created here and only read
    public record Times(int faults, int onAnswers, long[] millis) {

        /// The time that `percent` of the answers did not exceed; 0 without answers.
        public long percentile(int percent) {
            if (millis.length == 0) {
                return 0;
            }
            int index = (int) Math.ceil(percent / 100.0 * millis.length) - 1;
            return millis[Math.max(0, index)];
        }
    }

    /// The times of each kind that occurred.
    public static Map<FaultKind, Times> times(RecordedHistory history) {
        Map<MessageRef, List<Event>> events = events(history);
        Map<FaultKind, List<Long>> waits = new EnumMap<>(FaultKind.class);
        Map<FaultKind, int[]> counts = new EnumMap<>(FaultKind.class);
        for (Fault fault : history.faults()) {
            int[] count = counts.computeIfAbsent(fault.strike(), _ -> new int[2]);
            count[0]++;
            count[1] += fault.inFlight().isEmpty() ? 0 : 1;
            List<Long> of = waits.computeIfAbsent(fault.strike(), _ -> new ArrayList<>());
            Set<String> tabs = Set.copyOf(fault.tabs());
            for (MessageRef message :
                    isAlone(fault, history) ? fault.inFlight() : List.<MessageRef>of()) {
                events.getOrDefault(message, List.of()).stream()
                        .filter(event -> event.at() > fault.at() + ON_ITS_WAY_MICROS)
                        .filter(event -> tabs.isEmpty() || tabs.contains(event.tab()))
                        .findFirst()
                        .ifPresent(event -> of.add((event.at() - fault.at()) / 1_000));
            }
        }
        Map<FaultKind, Times> times = new EnumMap<>(FaultKind.class);
        counts.forEach((kind, count) -> {
            long[] sorted =
                    waits.getOrDefault(kind, List.of()).stream()
                            .mapToLong(Long::longValue)
                            .toArray();
            Arrays.sort(sorted);
            times.put(kind, new Times(count[0], count[1], sorted));
        });
        return times;
    }

    private static boolean isAlone(Fault fault, RecordedHistory history) {
        Map<Integer, Long> healed = new HashMap<>();
        for (HistoryLine line : history.faultLines()) {
            if (line instanceof HistoryLine.Healed(long at, int number)) {
                healed.put(number, at);
            }
        }
        long end = healed.getOrDefault(fault.fault(), Long.MAX_VALUE);
        return history.faults().stream()
                .filter(other -> other.fault() != fault.fault())
                .noneMatch(other ->
                        other.at() < end
                                && healed.getOrDefault(other.fault(), Long.MAX_VALUE) > fault.at());
    }

    /// By message, in the order of their times.
    private static Map<MessageRef, List<Event>> events(RecordedHistory history) {
        Map<MessageRef, List<Event>> events = new HashMap<>();
        history.sessions()
                .forEach((session, lines) -> {
                    for (HistoryLine line : lines) {
                        if (line instanceof Event event
                                && (event.event().equals("chunk")
                                        || event.event().equals("message_complete"))) {
                            events.computeIfAbsent(
                                            new MessageRef(session, LogCheck.message(event.data())),
                                            _ -> new ArrayList<>())
                                    .add(event);
                        }
                    }
                });
        return events;
    }
}
