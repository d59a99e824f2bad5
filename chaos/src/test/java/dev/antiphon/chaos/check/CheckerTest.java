package dev.antiphon.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.chaos.check.Violation.Kind;
import dev.antiphon.chaos.history.HistoryLine;
import dev.antiphon.chaos.history.HistoryLine.Entry;
import dev.antiphon.chaos.history.HistoryLine.Event;
import dev.antiphon.protocol.Completion;
import dev.antiphon.protocol.Completion.FinishReason;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/// The checker reports each kind of violation when one is put into a history that had none.
final class CheckerTest {

    private static final String READER = GoodHistory.ONE + ".1";

    /// A tab that only some tests add.
    private static final String EMPTY = GoodHistory.ONE + ".5";

    private static final Completion STOP = new Completion("demo-gpt", 3, FinishReason.STOP);

    private final GoodHistory good = new GoodHistory();
    private final List<HistoryLine> lines = good.lines;

    private void reports(Kind... kinds) {
        List<Violation> violations = Checker.check(good.history());
        assertThat(violations.stream().map(Violation::kind).collect(Collectors.toSet()))
                .as("%s", violations)
                .contains(kinds);
    }

    private void reportsOnly(Kind... kinds) {
        List<Violation> violations = Checker.check(good.history());
        assertThat(violations.stream().map(Violation::kind).collect(Collectors.toSet()))
                .as("%s", violations)
                .containsExactlyInAnyOrder(kinds);
    }

    private Event event(int place) {
        return (Event) lines.get(place);
    }

    private static Entry entry(String event, String data) {
        return new Entry(0, GoodHistory.ONE, "", event, data);
    }

    @Test
    void aGoodHistoryHasNoViolation() {
        reportsOnly();
    }

    // What tabs receive

    @Test
    void anEntryThatATabDidNotGetIsLost() {
        lines.remove((int) good.events(READER, "chunk").get(1));

        reportsOnly(Kind.LOST);
    }

    @Test
    void anEndThatATabDidNotGetIsLost() {
        lines.remove((int) good.events(READER, "message_complete").getLast());

        reportsOnly(Kind.LOST);
    }

    @Test
    void aBeginningThatATabDidNotGetIsLost() {
        lines.remove((int) good.events(READER, "message").getFirst());

        reportsOnly(Kind.LOST);
    }

    @Test
    void aTabThatGotNothingLostEverything() {
        lines.removeIf(line ->
                line instanceof Event event
                        && event.tab().equals(READER)
                        && !event.event().equals("connected"));
        // The others received the end long after this one had come.
        lines.replaceAll(line ->
                line instanceof Event event && event.event().equals("message_complete")
                        ? new Event(
                                event.at() + 60_000_000,
                                event.tab(),
                                1,
                                event.id(),
                                event.event(),
                                event.data())
                        : line);

        reports(Kind.LOST);
    }

    @Test
    void anEntryTwiceIsDoubled() {
        int place = good.events(READER, "chunk").get(1);
        lines.add(place + 1, lines.get(place));

        reportsOnly(Kind.DOUBLED);
    }

    @Test
    void anEntryOfBeforeAReconnectIsDoubled() {
        String leaver = GoodHistory.ONE + ".2";
        int third = good.events(leaver, "chunk").get(1);
        int reconnected = good.events(leaver, "connected").getLast();
        lines.add(reconnected + 1, lines.get(third));

        reportsOnly(Kind.DOUBLED);
    }

    @Test
    void entriesInAnotherOrderAreReordered() {
        List<Integer> chunks = good.events(READER, "chunk");
        Collections.swap(lines, chunks.get(1), chunks.get(2));

        reportsOnly(Kind.REORDERED);
    }

    @Test
    void anEventOfAnotherSessionIsSwapped() {
        int mine = good.events(READER, "chunk").get(1);
        int theirs = good.events(GoodHistory.OTHER + ".1", "chunk").get(1);
        Event stray = event(theirs);
        lines.add(mine + 1, new Event(stray.at(), READER, 1, stray.id(), "chunk", stray.data()));

        reports(Kind.SWAPPED);
    }

    @Test
    void twoDataUnderOneIdDisagree() {
        int place = good.events(READER, "chunk").get(1);
        Event told = event(place);
        lines.set(
                place,
                new Event(
                        told.at(),
                        READER,
                        1,
                        told.id(),
                        "chunk",
                        GoodHistory.chunk(GoodHistory.ONE, "m1", 1, "something else", null)));

        reportsOnly(Kind.DISAGREEING, Kind.BROKEN_CHAIN);
    }

    @Test
    void anAnswerFromItsMiddleIsReported() {
        String late = GoodHistory.ONE + ".3";
        lines.remove((int) good.events(late, "chunk").getFirst());
        lines.remove((int) good.events(late, "message").getFirst());

        reportsOnly(Kind.SHOWN_FROM_MIDDLE);
    }

    @Test
    void aSilentRollbackIsReported() {
        String resynced = GoodHistory.ONE + ".4";
        int resync = good.events(resynced, "resync").getFirst();
        int from = good.events(resynced, "message").getLast();
        lines.subList(resync, from).clear();

        reports(Kind.SILENT_ROLLBACK);
    }

    @Test
    void aGapWithAReconnectInItIsStillLost() {
        String leaver = GoodHistory.ONE + ".2";
        int connected = good.events(leaver, "connected").getLast();
        lines.remove(connected + 1);

        reportsOnly(Kind.LOST);
    }

    @Test
    void aResyncThoughRedisLostNothingIsReported() {
        lines.removeIf(HistoryLine.Fault.class::isInstance);

        reportsOnly(Kind.NEEDLESS_RESYNC);
    }

    @Test
    void aResyncOfMoreThanRedisMayLoseIsReported() {
        lines.replaceAll(line ->
                line instanceof HistoryLine.Fault fault
                        ? new HistoryLine.Fault(
                                fault.at() + 20_000_000,
                                1,
                                fault.strike(),
                                fault.target(),
                                List.of(),
                                List.of())
                        : line);

        reportsOnly(Kind.NEEDLESS_RESYNC);
    }

    @Test
    void aTabWithoutAnEntryMayLoseThePlaceThatItGotWhenItConnected() {
        long loss = loss();
        opened(loss - 1_010_000, loss - 1_000_000, null);
        resynced(loss + 10_000_000);

        reportsOnly();
    }

    @Test
    void aPlaceThatWasConfirmedAfterTheLossMayBeFromBeforeIt() {
        long loss = loss();
        opened(loss - 1_000_000, loss + 3_000_000, null);
        resynced(loss + 10_000_000);

        reportsOnly();
    }

    @Test
    void aTabWithoutAnEntryGetsANewPlaceWithEachConnection() {
        long loss = loss();
        opened(loss - 20_000_000, loss - 19_990_000, null);
        opened(loss - 1_010_000, loss - 1_000_000, null);
        resynced(loss + 10_000_000);

        reportsOnly();
    }

    @Test
    void aResyncOfATabThatConnectedLongBeforeTheLossIsReported() {
        long loss = loss();
        opened(loss - 10_010_000, loss - 10_000_000, null);
        resynced(loss + 10_000_000);

        reportsOnly(Kind.NEEDLESS_RESYNC);
    }

    @Test
    void aResyncOfATabThatConnectedAfterTheLossIsReported() {
        long loss = loss();
        opened(loss + 2_000_000, loss + 2_010_000, null);
        resynced(loss + 10_000_000);

        reportsOnly(Kind.NEEDLESS_RESYNC);
    }

    @Test
    void aResyncOfATabWithoutAnEntryThoughRedisLostNothingIsReported() {
        long loss = loss();
        opened(loss - 1_010_000, loss - 1_000_000, null);
        resynced(loss + 10_000_000);
        lines.removeIf(HistoryLine.Fault.class::isInstance);

        reportsOnly(Kind.NEEDLESS_RESYNC);
    }

    /// The place of a tab that has an entry is this entry, whenever it reconnects.
    @Test
    void aReconnectDoesNotExcuseTheResyncOfATabWithAnEntry() {
        long loss = loss();
        Event first = event(good.events(READER, "message").getFirst());
        opened(loss - 20_010_000, loss - 20_000_000, null);
        add(new Event(loss - 19_990_000, EMPTY, 1, first.id(), first.event(), first.data()));
        opened(loss - 1_010_000, loss - 1_000_000, first.id());
        resynced(loss + 10_000_000);

        reportsOnly(Kind.NEEDLESS_RESYNC);
    }

    /// When Redis lost its last writes.
    private long loss() {
        return lines.stream()
                .filter(HistoryLine.Fault.class::isInstance)
                .findFirst()
                .orElseThrow()
                .at();
    }

    private void opened(long openedAt, long connectedAt, @Nullable String lastId) {
        add(new HistoryLine.Open(openedAt, EMPTY, 1, GoodHistory.ONE, "gateway-1", lastId));
        add(new Event(connectedAt, EMPTY, 1, null, "connected", "{}"));
    }

    /// The tab gets the resync that another one got, and all that followed it.
    private void resynced(long at) {
        String resynced = GoodHistory.ONE + ".4";
        int resync = good.events(resynced, "resync").getFirst();
        List<Event> events =
                lines.subList(resync, lines.size()).stream()
                        .filter(Event.class::isInstance)
                        .map(Event.class::cast)
                        .filter(event -> event.tab().equals(resynced))
                        .toList();
        for (Event each : events) {
            add(new Event(at, EMPTY, 1, each.id(), each.event(), each.data()));
        }
    }

    /// The order counts only among the lines of one tab.
    private void add(HistoryLine line) {
        lines.add(lines.size() - 1, line);
    }

    @Test
    void aResyncThatLeavesATurnOutIsReported() {
        String resynced = GoodHistory.ONE + ".4";
        int place = good.events(resynced, "resync").getFirst();
        Event told = event(place);
        lines.set(
                place,
                new Event(
                        told.at(),
                        resynced,
                        2,
                        told.id(),
                        "resync",
                        told.data().replace("\"m1\"", "\"m2\"")));

        reportsOnly(Kind.BAD_RESYNC);
    }

    @Test
    void aGapAfterAResyncIsLost() {
        String resynced = GoodHistory.ONE + ".4";
        lines.remove(good.events(resynced, "resync").getFirst() + 1);

        reportsOnly(Kind.LOST);
    }

    // The log

    @Test
    void aGapInTheNumbersOfALogIsReported() {
        lines.remove((int) good.entries(GoodHistory.ONE).get(2));

        reports(Kind.GAP_IN_LOG);
    }

    @Test
    void anEntryWhoseIdDoesNotFollowIsReported() {
        int place = good.entries(GoodHistory.ONE).get(2);
        Entry entry = (Entry) lines.get(place);
        lines.set(
                place,
                new Entry(
                        entry.at(),
                        entry.session(),
                        entry.id(),
                        "chunk",
                        entry.data().replace("what", "WHAT")));

        reports(Kind.BROKEN_CHAIN);
    }

    @Test
    void aMissingChunkIsReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.remove(2);
                    return log;
                });

        reports(Kind.GAP_IN_CHUNKS, Kind.WRONG_TEXT);
    }

    @Test
    void anInvalidChunkIsReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.set(2, entry("chunk", "{\"session_id\":\"s1\",\"message_id\":\"m1\"}"));
                    return log;
                });

        reports(Kind.MALFORMED);
    }

    @Test
    void aSecondTerminalIsReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.add(5, log.get(4));
                    return log;
                });

        reportsOnly(Kind.TWO_TERMINALS);
    }

    @Test
    void aSecondFinalChunkIsReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.add(
                            5,
                            entry("chunk", GoodHistory.chunk(GoodHistory.ONE, "m1", 3, "", STOP)));
                    return log;
                });

        reportsOnly(Kind.TWO_TERMINALS);
    }

    @Test
    void aChunkAfterTheEndIsReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.add(
                            5,
                            entry(
                                    "chunk",
                                    GoodHistory.chunk(GoodHistory.ONE, "m1", 3, "more", null)));
                    return log;
                });

        reportsOnly(Kind.AFTER_TERMINAL);
    }

    @Test
    void aMessageInTheLogTwiceIsReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.add(5, log.getFirst());
                    return log;
                });

        reportsOnly(Kind.ANSWERED_TWICE);
    }

    @Test
    void twoIdsForOneMessageAreReported() {
        lines.add(
                1,
                new HistoryLine.Asked(
                        1, GoodHistory.ONE, "m1", 202, "{\"message_id\":\"another\"}"));

        reportsOnly(Kind.ANSWERED_TWICE);
    }

    @Test
    void anAcceptedMessageThatIsNotInTheLogIsLost() {
        lines.add(new HistoryLine.Ask(1, GoodHistory.ONE, "m3", "never", "gateway-1"));
        lines.add(new HistoryLine.Asked(2, GoodHistory.ONE, "m3", 202, "{}"));

        reportsOnly(Kind.LOST_MESSAGE);
    }

    @Test
    void anAnswerWithoutAnEndIsStuck() {
        good.rewrite(GoodHistory.ONE, log -> log.subList(0, 7));

        reports(Kind.STUCK);
    }

    @Test
    void anotherTextThanTheProvidersIsReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.replaceAll(each ->
                            entry(
                                    each.event(),
                                    each.data().replace("demo response", "nice response")));
                    return log;
                });

        reports(Kind.WRONG_TEXT);
    }

    @Test
    void textsOfTwoSessionsThatChangedPlacesAreReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.replaceAll(each ->
                            entry(
                                    each.event(),
                                    each.event().equals("chunk")
                                            ? each.data().replace(" s1", " s2")
                                            : each.data()));
                    return log;
                });

        reports(Kind.WRONG_TEXT);
    }

    @Test
    void aChunkOfAnotherSessionInTheLogIsSwapped() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.add(
                            2,
                            entry(
                                    "chunk",
                                    GoodHistory.chunk(GoodHistory.OTHER, "m1", 1, "x", null)));
                    return log;
                });

        reports(Kind.SWAPPED);
    }

    @Test
    void anErrorIsReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    log.replaceAll(each ->
                            entry(each.event(), each.data().replace("\"stop\"", "\"error\"")));
                    return log;
                });

        reportsOnly(Kind.FAILED);
    }

    @Test
    void anUnrequestedCancelIsReported() {
        lines.removeIf(HistoryLine.Cancel.class::isInstance);

        reportsOnly(Kind.FAILED);
    }

    @Test
    void answersOutOfTurnAreReported() {
        good.rewrite(
                GoodHistory.ONE,
                log -> {
                    Entry second = log.remove(5);
                    log.addFirst(second);
                    return log;
                });
        lines.removeIf(HistoryLine.Cancel.class::isInstance);

        reports(Kind.OUT_OF_TURN);
    }

    // What is stored

    @Test
    void anotherTextInTheHistoryIsReported() {
        lines.replaceAll(line ->
                line instanceof HistoryLine.Messages messages
                        ? new HistoryLine.Messages(
                                messages.at(),
                                messages.session(),
                                200,
                                messages.body().replace("demo response", "nice response"))
                        : line);

        reportsOnly(Kind.HISTORY_DIFFERS);
    }

    @Test
    void aTurnThatIsNotInTheHistoryIsReported() {
        lines.replaceAll(line ->
                line instanceof HistoryLine.Messages messages
                        ? new HistoryLine.Messages(
                                messages.at(), messages.session(), 200, "{\"messages\":[]}")
                        : line);

        reportsOnly(Kind.HISTORY_DIFFERS);
    }

    // The harness

    @Test
    void anIncompleteSessionDoesNotCountAsGood() {
        lines.removeIf(HistoryLine.Over.class::isInstance);

        reportsOnly(Kind.NOT_CHECKED);
    }
}
