package dev.antiphon.gateway.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.history.Recent;
import dev.antiphon.gateway.stream.Client.Event;
import dev.antiphon.gateway.stream.StreamCounters.StreamCount;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// The events of a client, with failures of rings, of Redis and of the client itself.
final class StreamTest {

    private final Pod pod = new Pod();

    // Beginning

    @Test
    void theFirstFrameIsTheContractsConnectedEvent() {
        Client client = pod.connect();
        assertThat(client.text())
                .isEqualTo(
                        """
                        event: connected
                        data: {"connection_id":"conn_1","session_id":"s"}
                        retry: 1000

                        """);
    }

    @Test
    void anEntryIsTheBytesOfTheLogBehindItsIdAndEvent() {
        Client client = pod.connect();
        Entry entry = pod.log.append(EventName.CHUNK, "{\"chunk\":\"Hello\"}");
        pod.ring(entry);
        assertThat(client.text())
                .endsWith("id: " + entry.id() + "\nevent: chunk\ndata: {\"chunk\":\"Hello\"}\n\n");
    }

    @Test
    void aReaderWithoutAnIdBeginsWhereTheRegistrySays() {
        pod.appended(9);
        pod.registry.readersStartAt(4);
        pod.connect().hasExactly(5, 9);
    }

    @Test
    void aReaderWithAnIdContinuesAtTheNextEntry() {
        pod.appended(9);
        pod.registry.readersStartAt(0);
        pod.connectAfter(pod.log.idOf(7)).hasExactly(8, 9);
    }

    @Test
    void aReaderWhoseIdIsTheEndOfTheLogGetsOnlyWhatComes() {
        pod.appended(3);
        Client client = pod.connectAfter(pod.log.idOf(3));
        client.hasExactly(1, 0);
        pod.streamed(2);
        client.hasExactly(4, 5);
    }

    @Test
    void anotherUsersSessionIsRefused() {
        pod.registry.ownedBy(new UserId("somebody_else"));
        Client client = pod.connect();
        assertThat(client.refusal()).isEqualTo(new Opened.Foreign());
        assertThat(pod.hub.connections()).isZero();
        assertThat(pod.hub.sessions()).isZero();
    }

    private static final String REDIS_UNAVAILABLE =
            "event: status\ndata: {\"status\":\"degraded\",\"reason\":\"redis_away\"}\n\n";

    @Test
    void aConnectionThatBeginsWithoutRedisShowsItsSessionWhenRedisIsBack() {
        pod.appended(3);
        pod.registry.readersStartAt(1);
        pod.registry.replies.away();
        Client client = pod.connect();
        pod.streamed(1);
        pod.pass(Duration.ofSeconds(3));
        assertThat(client.names()).containsExactly("status");
        assertThat(client.text()).endsWith(REDIS_UNAVAILABLE);

        pod.registry.replies.back();
        pod.pass(Duration.ofSeconds(2));
        // After `connected` a client misses nothing, so it follows the registration.
        assertThat(client.names()).startsWith("status", "connected");
        client.hasExactly(2, 4);
        assertThat(client.text()).contains("data: {\"status\":\"recovered\"}\n\n");
        assertThat(pod.registry.members()).hasSize(1);
        pod.streamed(1);
        client.hasExactly(2, 5);
    }

    @Test
    void aConnectionWithAnIdThatBeginsWithoutRedisContinuesAtTheNextEntry() {
        pod.appended(5);
        pod.registry.replies.away();
        Client client = pod.connectAfter(pod.log.idOf(2));
        pod.registry.replies.back();
        pod.pass(Duration.ofSeconds(2));
        client.hasExactly(3, 5);
    }

    @Test
    void aConnectionThatBeginsWithoutRedisShowsNothingOfAnothersSession() {
        pod.registry.ownedBy(new UserId("somebody_else"));
        pod.streamed(2);
        pod.registry.replies.away();
        Client client = pod.connect();
        pod.streamed(1);
        pod.pass(Duration.ofSeconds(15));
        pod.registry.replies.back();
        pod.pass(Duration.ofSeconds(2));
        assertThat(client.names()).containsExactly("status", "refused");
        assertThat(client.text())
                .endsWith(
                        "event: refused\ndata: {\"session_id\":\"s\",\"code\":\"session_not_found\","
                                + "\"status\":404,\"title\":\"The session does not exist or is not yours\"}\n\n");
        assertThat(client.ended()).isTrue();
        assertThat(pod.hub.connections()).isZero();
        assertThat(pod.registry.members()).isEmpty();
    }

    @Test
    void aConnectionThatLeavesBeforeRedisIsBackIsNotRegistered() {
        pod.registry.replies.away();
        Client client = pod.connect();
        pod.registry.replies.back();
        pod.registry.replies.hold();
        pod.pass(Duration.ofSeconds(1)); // it asks again
        client.goAway();
        pod.registry.replies.release();
        pod.pass(Duration.ofSeconds(5));
        assertThat(pod.registry.members()).isEmpty();
        assertThat(pod.hub.connections()).isZero();
        assertThat(client.names()).containsExactly("status");
    }

    @Test
    void aRingBeforeTheAnswerOfTheAttachIsNotLost() {
        pod.appended(2);
        pod.registry.replies.hold();
        Client client = new Client();
        pod.open(client, new Cursor.None());
        pod.streamed(3);
        assertThat(client.isOpen()).isFalse();
        pod.registry.replies.release();
        pod.loop.settle();
        client.hasExactly(3, 5);
        assertThat(pod.log.reads()).isZero();
    }

    @Test
    void anEntryThatFollowsOnesRungBeforeTheSubscriptionIsNotLost() {
        pod.appended(2);
        pod.registry.replies.hold();
        Client client = new Client();
        pod.open(client, new Cursor.None());
        List<Entry> entries = pod.appended(3);
        pod.ring(entries.get(2)); // the other two had no receiver
        pod.registry.replies.release();
        pod.loop.settle();
        client.hasExactly(3, 5);
    }

    // Rings

    @Test
    void chunksArriveInOrderAndOnce() {
        Client client = pod.connect();
        pod.streamed(1);
        pod.streamed(5);
        pod.streamed(1);
        client.hasExactly(1, 7);
        assertThat(pod.log.reads()).isZero();
    }

    @Test
    void aLostRingIsReadFromTheLogWhenTheNextOneComes() {
        Client client = pod.connect();
        List<Entry> entries = pod.appended(3);
        pod.ring(entries.get(0));
        pod.ring(entries.get(2));
        client.hasExactly(1, 3);
        assertThat(pod.count(StreamCount.GAP)).isEqualTo(1);
        assertThat(pod.count(StreamCount.REPAIR)).isEqualTo(1);
        assertThat(pod.log.reads()).isEqualTo(1);
    }

    @Test
    void aRingThatComesTwiceIsTakenOnce() {
        Client client = pod.connect();
        List<Entry> entries = pod.appended(3);
        pod.ring(entries);
        pod.ring(entries);
        client.hasExactly(1, 3);
        assertThat(pod.count(StreamCount.RING_DOUBLE)).isEqualTo(3);
        assertThat(pod.log.reads()).isZero();
    }

    @Test
    void ringsInAnyOrderAreTakenInTheLogsOrder() {
        Client client = pod.connect();
        List<Entry> entries = new ArrayList<>(pod.appended(20));
        Collections.reverse(entries);
        pod.ring(entries);
        client.hasExactly(1, 20);
        assertThat(pod.log.reads()).isEqualTo(1);
    }

    @Test
    void anEntryRungWhileTheLogIsReadIsNotReadAgain() {
        Client client = pod.connect();
        List<Entry> entries = pod.appended(3);
        pod.log.replies.hold();
        pod.ring(entries.get(2));
        List<Entry> later = pod.appended(2);
        pod.ring(later);
        pod.log.replies.release();
        pod.loop.settle();
        client.hasExactly(1, 5);
        assertThat(pod.log.reads()).isEqualTo(1);
    }

    @Test
    void aRingWhoseHashDoesNotContinueOursIsReadFromTheLog() {
        Client client = pod.connect();
        Entry entry = pod.log.append(EventName.CHUNK, "{\"a\":1,\"b\":2}");
        pod.ring(
                new Entry(
                        entry.id(),
                        EventName.CHUNK,
                        "{\"b\":2,\"a\":1}".getBytes(StandardCharsets.UTF_8)));
        client.hasExactly(1, 1);
        assertThat(client.text()).contains("{\"a\":1,\"b\":2}");
        assertThat(pod.count(StreamCount.MISMATCH)).isEqualTo(1);
    }

    @Test
    void aRingForAnEntryThatTheLogDoesNotHaveChangesNothing() {
        Client client = pod.connect();
        pod.streamed(2);
        EntryId made = new EntryId(1, 9, 42);
        pod.ring(new Entry(made, EventName.CHUNK, "{}".getBytes(StandardCharsets.UTF_8)));
        client.hasExactly(1, 2);
        pod.streamed(8);
        client.hasExactly(1, 10);
    }

    @Test
    void ringsOfSessionsWithoutAWatcherHereAreIgnored() {
        Entry entry = pod.log.append(EventName.CHUNK, "{}");
        pod.hub.rang(new Ring(new SessionId("other"), entry));
        pod.loop.settle();
        assertThat(pod.hub.sessions()).isZero();
        assertThat(pod.count(StreamCount.RING_UNWATCHED)).isEqualTo(1);
    }

    @Test
    void ringsThatArriveTogetherAreWrittenTogether() {
        Client client = pod.connect();
        int before = client.writes().size();
        pod.streamed(40);
        client.hasExactly(1, 40);
        assertThat(client.writes()).hasSize(before + 1);
    }

    @Test
    void tabsAtTheSamePlaceShareTheBytes() {
        Client one = pod.connect();
        Client two = pod.connect();
        pod.streamed(3);
        assertThat(one.writes().getLast()).isSameAs(two.writes().getLast());
    }

    @Test
    void anEntryLargerThanEveryBoundArrives() {
        Client client = pod.connect();
        String large = "{\"x\":\"" + "a".repeat(400_000) + "\"}";
        pod.ring(pod.log.append(EventName.CHUNK, large));
        pod.streamed(1);
        client.hasExactly(1, 2);
        assertThat(client.text()).contains(large);
    }

    @Test
    void ringsBeyondTheHandOverAreDroppedAndFoundInTheLog() {
        Client client = pod.connect();
        String large = "{\"x\":\"" + "a".repeat(100_000) + "\"}";
        for (int i = 0; i < 400; i++) {
            pod.hub.rang(new Ring(Pod.SESSION, pod.log.append(EventName.CHUNK, large)));
        }
        pod.loop.settle();
        assertThat(pod.count(StreamCount.RING_DROPPED))
                .isEqualTo(400 - Inbox.MOST_BYTES / large.length());
        client.hasExactly(1, 400);
    }

    @Test
    void earlyEntriesBeyondTheBoundAreDroppedAndReadFromTheLog() {
        Client client = pod.connect();
        List<Entry> entries = pod.appended(500);
        pod.log.replies.hold();
        pod.ring(entries.subList(1, 500));
        assertThat(pod.count(StreamCount.EARLY_DROPPED)).isEqualTo(499 - EarlyEntries.MOST);
        pod.log.replies.release();
        pod.loop.settle();
        client.hasExactly(1, 500);
    }

    // The poll

    @Test
    void aLostLastRingIsFoundWithinASecondWhileAnAnswerIsInFlight() {
        Client client = pod.connect();
        pod.streamed(2);
        pod.appended(1);
        pod.pass(Duration.ofSeconds(1));
        client.hasExactly(1, 3);
        assertThat(pod.count(StreamCount.POLL_FOUND)).isEqualTo(1);
    }

    @Test
    void anIdleSessionIsPolledEveryTenSeconds() {
        Client client = pod.connect();
        pod.ring(pod.log.append(EventName.MESSAGE, "{}"));
        pod.ring(pod.log.append(EventName.CHUNK, "{}"));
        pod.ring(pod.log.append(EventName.MESSAGE_COMPLETE, "{}"));
        pod.log.append(EventName.MESSAGE, "{}");
        pod.pass(Duration.ofSeconds(9));
        client.hasExactly(1, 3);
        pod.pass(Duration.ofSeconds(1));
        client.hasExactly(1, 4);
        assertThat(pod.log.tails()).isEqualTo(1);
    }

    @Test
    void anAnswerThatIsSilentForAMinuteIsPolledLikeAnIdleSession() {
        pod.connect();
        pod.streamed(1);
        pod.pass(Duration.ofSeconds(60));
        assertThat(pod.log.tails()).isBetween(55, 61);
        int before = pod.log.tails();
        pod.pass(Duration.ofSeconds(60));
        assertThat(pod.log.tails() - before).isBetween(5, 7);
    }

    @Test
    void whileRingsComeNothingIsPolled() {
        pod.connect();
        for (int i = 0; i < 100; i++) {
            pod.streamed(1);
            pod.pass(Duration.ofMillis(500));
        }
        assertThat(pod.log.tails()).isZero();
    }

    @Test
    void whileNoRingCanComeEverySessionIsPolledEverySecond() {
        Client client = pod.connect();
        pod.hub.status(PodStatus.NATS_UNAVAILABLE);
        pod.appended(2);
        pod.pass(Duration.ofSeconds(1));
        client.hasExactly(1, 2);
        pod.pass(Duration.ofSeconds(60));
        assertThat(pod.log.tails()).isBetween(55, 61);
    }

    @Test
    void afterNatsWasUnavailableTheLogIsReadAtOnce() {
        Client client = pod.connect();
        pod.appended(4);
        pod.hub.ringsWereLost();
        pod.loop.settle();
        client.hasExactly(1, 4);
    }

    @Test
    void aPollThatWasUnderWayWhenNatsCameBackIsRepeated() {
        Client client = pod.connect();
        pod.log.replies.hold();
        pod.hub.ringsWereLost();
        pod.loop.settle();
        pod.appended(4);
        pod.hub.ringsWereLost();
        pod.loop.settle();
        pod.log.replies.release();
        pod.loop.settle();
        client.hasExactly(1, 4);
    }

    // Slow readers

    @Test
    void aSlowReaderHasOneWriteUnderWayAndThenGetsTheRestInOne() {
        Client slow = pod.connect();
        slow.stopReading();
        for (int i = 0; i < 50; i++) {
            pod.streamed(1);
        }
        assertThat(slow.writes()).hasSize(2); // connected, and entry 1
        slow.readAgain();
        slow.hasExactly(1, 50);
        assertThat(slow.writes()).hasSize(3);
    }

    @Test
    void aSlowReaderDoesNotHoldUpTheOthers() {
        Client slow = pod.connect();
        Client fast = pod.connect();
        slow.stopReading();
        for (int i = 0; i < 10; i++) {
            pod.streamed(1);
        }
        fast.hasExactly(1, 10);
    }

    @Test
    void aReaderBehindTheRingReadsTheLogAndThenTheRingAgain() {
        Client slow = pod.connect();
        slow.stopReading();
        pod.streamed(1);
        for (int i = 0; i < 1_000; i++) {
            pod.streamed(1);
        }
        assertThat(pod.log.reads()).isZero();
        slow.readAgain();
        pod.loop.settle();
        slow.hasExactly(1, 1_001);
        assertThat(pod.log.reads()).isBetween(1, 4);
        int reads = pod.log.reads();
        pod.streamed(3);
        slow.hasExactly(1, 1_004);
        assertThat(pod.log.reads()).isEqualTo(reads);
    }

    @Test
    void noWriteToAReaderIsLargerThanItsBound() {
        for (int i = 0; i < 300; i++) {
            pod.log.append(EventName.CHUNK, "{\"x\":\"" + "a".repeat(1_000) + "\"}");
        }
        pod.registry.readersStartAt(0);
        Client client = new Client();
        client.stopReading();
        pod.open(client, new Cursor.None());
        for (int i = 0; i < 100; i++) {
            pod.loop.settle();
            client.readWhatWaits();
        }
        client.hasExactly(1, 300);
        assertThat(client.writes())
                .allSatisfy(bytes ->
                        assertThat(bytes.length).isLessThanOrEqualTo(FrameRing.MOST_BYTES_AT_ONCE));
    }

    @Test
    void aReaderThatTakesNothingForThirtySecondsIsClosed() {
        Client stalled = pod.connect();
        stalled.stopReading();
        pod.streamed(1);
        pod.pass(Duration.ofSeconds(29));
        assertThat(stalled.aborted()).isFalse();
        pod.pass(Duration.ofSeconds(2));
        assertThat(stalled.aborted()).isTrue();
        assertThat(pod.hub.connections()).isZero();
        assertThat(pod.registry.members()).isEmpty();
        assertThat(pod.count(StreamCount.SLOW_CLOSED)).isEqualTo(1);
    }

    @Test
    void aReaderThatTakesALittleNowAndThenIsNotClosed() {
        Client slow = pod.connect();
        slow.stopReading();
        pod.streamed(1);
        for (int i = 0; i < 10; i++) {
            pod.pass(Duration.ofSeconds(20));
            slow.readABit();
        }
        assertThat(slow.isOpen()).isTrue();
        slow.readAgain();
        slow.hasExactly(1, 1);
    }

    @Test
    void aReaderThatWaitsForNothingIsNeverClosed() {
        Client client = pod.connect();
        pod.pass(Duration.ofMinutes(10));
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void everyFifteenSecondsThereIsAComment() {
        Client client = pod.connect();
        pod.pass(Duration.ofSeconds(14));
        assertThat(client.text()).doesNotContain(": ping");
        pod.pass(Duration.ofSeconds(31));
        assertThat(client.text()).endsWith("\n\n: ping\n\n: ping\n\n: ping\n\n");
    }

    // Leaving

    @Test
    void aClientThatLeavesIsRemovedFromTheRegistry() {
        Client client = pod.connect();
        assertThat(pod.registry.members()).hasSize(1);
        client.goAway();
        client.goAway();
        pod.loop.settle();
        assertThat(pod.registry.members()).isEmpty();
        assertThat(pod.hub.connections()).isZero();
        assertThat(pod.hub.sessions()).isZero();
    }

    @Test
    void aClientThatLeavesBeforeTheAnswerOfTheAttachIsRemovedAfterIt() {
        pod.registry.replies.hold();
        Client client = new Client();
        Subscriber subscriber = pod.open(client, new Cursor.None());
        subscriber.leave();
        pod.loop.settle();
        pod.registry.replies.release();
        pod.loop.settle();
        assertThat(pod.registry.members()).isEmpty();
        assertThat(pod.hub.connections()).isZero();
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void aClientThatLeavesDuringAReadIsNotWrittenTo() {
        pod.appended(5);
        pod.registry.readersStartAt(0);
        pod.log.replies.hold();
        Client client = pod.connect();
        int written = client.writes().size();
        client.goAway();
        pod.log.replies.release();
        pod.loop.settle();
        assertThat(client.writes()).hasSize(written);
        assertThat(pod.hub.sessions()).isZero();
    }

    @Test
    void aDepartureThatRedisDidNotTakeIsTriedAgain() {
        Client client = pod.connect();
        pod.registry.replies.away();
        client.goAway();
        pod.loop.settle();
        assertThat(pod.registry.members()).hasSize(1);
        assertThat(pod.count(StreamCount.REGISTRY_FAILED)).isPositive();
        pod.registry.replies.back();
        pod.pass(Duration.ofSeconds(1));
        assertThat(pod.registry.members()).isEmpty();
    }

    @Test
    void departuresBeyondTheBoundAreGivenUpAndCounted() {
        Gate closed = new Gate(0, pod.loop);
        var departures = new Departures(pod.registry, closed, pod.counters);
        for (int i = 0; i < Departures.MOST + 3; i++) {
            departures.leave(Pod.SESSION, new ConnectionId("conn_" + i));
        }
        assertThat(pod.count(StreamCount.DEPARTURE_DROPPED)).isEqualTo(3);
    }

    @Test
    void theSeventeenthConnectionOfASessionIsNotRegisteredAndGetsEverything() {
        List<Client> tabs = new ArrayList<>();
        for (int i = 0; i < Watchers.MOST_REGISTERED + 1; i++) {
            tabs.add(pod.connect());
        }
        assertThat(pod.registry.members()).hasSize(Watchers.MOST_REGISTERED);
        pod.streamed(2);
        tabs.forEach(tab -> tab.hasExactly(1, 2));
    }

    @Test
    void whenARegisteredConnectionLeavesAnotherTakesItsPlaceFirst() {
        List<Client> tabs = new ArrayList<>();
        for (int i = 0; i < Watchers.MOST_REGISTERED + 2; i++) {
            tabs.add(pod.connect());
        }
        for (Client tab : tabs.subList(0, Watchers.MOST_REGISTERED + 1)) {
            tab.goAway();
            pod.loop.settle();
            assertThat(pod.registry.members()).isNotEmpty();
        }
        tabs.getLast().goAway();
        pod.loop.settle();
        assertThat(pod.registry.members()).isEmpty();
    }

    @Test
    void membersThatRedisForgotAreThereAgainAfterTenSeconds() {
        pod.connect();
        pod.registry.forget();
        pod.pass(Duration.ofSeconds(10));
        assertThat(pod.registry.members()).hasSize(1);
    }

    @Test
    void entriesWithoutARingAreAReasonToRegisterAgainAtOnce() {
        Client client = pod.connect();
        pod.streamed(1);
        pod.registry.forget();
        pod.appended(1);
        pod.pass(Duration.ofSeconds(1));
        client.hasExactly(1, 2);
        assertThat(pod.registry.members()).hasSize(1);
    }

    @Test
    void closingEndsEveryStreamAndEmptiesTheRegistry() {
        Client one = pod.connect();
        Client two = pod.connect();
        var closed = pod.hub.close().toCompletableFuture();
        pod.loop.settle();
        assertThat(closed).isDone();
        assertThat(one.ended()).isTrue();
        assertThat(two.ended()).isTrue();
        assertThat(pod.registry.members()).isEmpty();
        assertThat(pod.hub.sessions()).isZero();
    }

    // Unseen answers

    @Test
    void anAnswerThatEndedUnseenIsReportedSeenOnceItWasRead() {
        pod.appended(6);
        pod.registry.readersStartAt(2);
        pod.registry.endedUnseen(2);
        Client client = new Client();
        client.stopReading();
        pod.open(client, new Cursor.None());
        pod.loop.settle();
        client.readWhatWaits(); // the first frame; entries 3 to 6 now wait
        pod.loop.settle();
        assertThat(pod.registry.seen()).isEmpty();
        client.readWhatWaits();
        pod.loop.settle();
        client.hasExactly(3, 6);
        assertThat(pod.registry.seen()).containsExactly(2L);
    }

    @Test
    void anAnswerThatEndedUnseenStaysSoWhenItsReaderLeavesFirst() {
        pod.appended(6);
        pod.registry.readersStartAt(2);
        pod.registry.endedUnseen(2);
        Client client = new Client();
        client.stopReading();
        pod.open(client, new Cursor.None());
        pod.loop.settle();
        client.readWhatWaits();
        client.goAway();
        pod.loop.settle();
        assertThat(pod.registry.seen()).isEmpty();
    }

    // Another log

    @Test
    void anIdThatNeverWasOneIsAnsweredWithAResyncAndTheAnswerInFlight() {
        pod.appended(5);
        pod.registry.readersStartAt(3);
        Client client = pod.connect(new Cursor.Unknown());
        assertThat(client.names()).startsWith("connected", "resync");
        assertThat(client.events().get(1)).isEqualTo(resync("unknown_cursor", pod.log.idOf(3)));
        client.hasExactly(4, 5);
        assertThat(pod.count(StreamCount.RESYNC)).isEqualTo(1);
    }

    @Test
    void anIdThatTheLogHasTrimmedIsAnsweredWithAResync() {
        pod.appended(9);
        pod.log.trimTo(5);
        pod.registry.readersStartAt(7);
        Client client = pod.connectAfter(pod.log.idOf(2));
        assertThat(client.events().get(1)).isEqualTo(resync("trimmed", pod.log.idOf(7)));
        client.hasExactly(8, 9);
    }

    @Test
    void aResyncBringsTheHistoryAndContinuesBehindIt() {
        pod.appended(9);
        pod.log.trimTo(5);
        pod.registry.readersStartAt(7);
        pod.recent =
                Optional.of(
                        new Recent(
                                List.of("{\"message_id\":\"m1\"}".getBytes(StandardCharsets.UTF_8)),
                                pod.log.idOf(6)));
        Client client = pod.connectAfter(pod.log.idOf(2));
        assertThat(client.events().get(1).data())
                .isEqualTo(
                        "{\"reason\":\"trimmed\",\"messages\":[{\"message_id\":\"m1\"}],\"cursor\":\""
                                + pod.log.idOf(6)
                                + "\"}");
        client.hasExactly(7, 9);
    }

    @Test
    void anIdOfAnotherGenerationIsAnsweredWithAResync() {
        pod.appended(3);
        Client client = pod.connectAfter(new EntryId(77, 2, 5));
        assertThat(client.events().get(1)).isEqualTo(resync("other_generation", pod.log.idOf(3)));
        pod.streamed(1);
        client.hasExactly(4, 4);
    }

    /// Redis lost the log and the members; an answer ended unseen, and another reader took it first.
    @Test
    void aReaderWithoutAPlaceGetsAnAnswerOfANewLog() {
        Client client = pod.connect();
        pod.log.lose();
        pod.registry.forget();
        pod.appended(3);
        pod.pass(Duration.ofSeconds(12));
        assertThat(client.events().get(1)).isEqualTo(resync("other_generation", pod.log.idOf(3)));
        pod.streamed(1);
        client.hasExactly(4, 4);
    }

    @Test
    void anIdWithAnotherHashIsAnsweredWithAResync() {
        pod.appended(3);
        Client client = pod.connectAfter(new EntryId(1, 2, 12345));
        assertThat(client.events().get(1)).isEqualTo(resync("rolled_back", pod.log.idOf(3)));
    }

    @Test
    void aLogThatLostItsTailIsNoticedByItsNextEntry() {
        Client client = pod.connect();
        pod.streamed(8);
        pod.log.rollBackTo(5);
        pod.registry.readersStartAt(4);
        pod.ring(pod.log.append(EventName.CHUNK, "{\"other\":6}"));
        assertThat(client.names()).contains("resync");
        assertThat(client.events())
                .contains(resync("rolled_back", pod.log.idOf(4)))
                .endsWith(
                        new Event(pod.log.idOf(5).toString(), "chunk", "{\"n\":5}"),
                        new Event(pod.log.idOf(6).toString(), "chunk", "{\"other\":6}"));
    }

    @Test
    void aLogThatLostItsTailAndIsSilentIsNoticedByThePoll() {
        Client client = pod.connect();
        pod.streamed(8);
        pod.log.rollBackTo(5);
        pod.pass(Duration.ofSeconds(1));
        assertThat(client.events().getLast()).isEqualTo(resync("rolled_back", pod.log.idOf(5)));
    }

    @Test
    void aLogThatIsGoneIsBegunAgainAndTheStreamContinues() {
        Client client = pod.connect();
        pod.streamed(4);
        pod.log.lose();
        pod.pass(Duration.ofSeconds(1));
        assertThat(client.events().getLast()).isEqualTo(resync("no_log", pod.log.idOf(0)));
        pod.streamed(2);
        assertThat(client.events())
                .endsWith(
                        new Event(pod.log.idOf(1).toString(), "chunk", "{\"n\":1}"),
                        new Event(pod.log.idOf(2).toString(), "chunk", "{\"n\":2}"));
    }

    @Test
    void aSessionWithoutEntriesThatIsGoneIsBegunAgainInSilence() {
        Client client = pod.connect();
        pod.log.lose();
        pod.pass(Duration.ofSeconds(10));
        pod.streamed(1);
        assertThat(client.names()).containsExactly("connected", "chunk");
    }

    @Test
    void theFirstUserOfALostSessionOwnsIt() {
        Client client = pod.connect();
        pod.streamed(4);
        pod.log.lose();
        pod.registry.ownedBy(new UserId("somebody_else"));
        pod.pass(Duration.ofSeconds(1));
        assertThat(client.ended()).isTrue();
        assertThat(pod.hub.connections()).isZero();
    }

    @Test
    void aClientBeginsAgainAtMostEveryTenSeconds() {
        Client client = pod.connect();
        pod.streamed(8);
        pod.log.rollBackTo(5);
        pod.pass(Duration.ofSeconds(1));
        pod.streamed(3);
        pod.log.rollBackTo(4);
        pod.pass(Duration.ofSeconds(5));
        assertThat(pod.count(StreamCount.RESYNC)).isEqualTo(1);
        pod.pass(Duration.ofSeconds(6));
        assertThat(pod.count(StreamCount.RESYNC)).isEqualTo(2);
        pod.streamed(1);
        assertThat(client.lastId()).isEqualTo(pod.log.idOf(5).toString());
    }

    // Redis unavailable

    @Test
    void aFailedReadIsRepeatedWhenRedisIsAvailableAgain() {
        Client client = pod.connect();
        pod.streamed(1);
        List<Entry> entries = pod.appended(2);
        pod.log.replies.away();
        pod.ring(entries.get(1));
        pod.pass(Duration.ofSeconds(5));
        client.hasExactly(1, 1);
        pod.log.replies.back();
        pod.pass(Duration.ofSeconds(2));
        client.hasExactly(1, 3);
        assertThat(pod.count(StreamCount.READ_FAILED)).isBetween(3L, 12L);
    }

    @Test
    void aReplayThatFailedContinuesWhenRedisIsBack() {
        pod.appended(5);
        pod.registry.readersStartAt(0);
        pod.log.replies.away();
        Client client = pod.connect();
        pod.pass(Duration.ofSeconds(3));
        client.hasExactly(1, 0);
        pod.log.replies.back();
        pod.pass(Duration.ofSeconds(2));
        client.hasExactly(1, 5);
    }

    // The cost of an idle session

    @Test
    void framesAreLetGoWhenTheSessionIsIdleAndNothingIsLost() {
        Client client = pod.connect();
        pod.streamed(3);
        assertThat(pod.hub.rings()).isEqualTo(1);
        pod.pass(Duration.ofSeconds(11));
        assertThat(pod.hub.rings()).isZero();
        pod.streamed(1);
        client.hasExactly(1, 4);
        assertThat(pod.log.reads()).isZero();
    }

    @Test
    void readsOfTheLogAtOnceAreBounded() {
        pod.appended(5);
        pod.registry.readersStartAt(0);
        pod.log.replies.hold();
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            clients.add(pod.connect());
        }
        assertThat(pod.log.replies.held()).isEqualTo(32);
        while (pod.log.replies.held() > 0) {
            pod.log.replies.release(0);
            pod.loop.settle();
        }
        clients.forEach(client -> client.hasExactly(1, 5));
    }

    private static Event resync(String reason, EntryId cursor) {
        return new Event(
                cursor.toString(),
                "resync",
                "{\"reason\":\"" + reason + "\",\"messages\":[],\"cursor\":\"" + cursor + "\"}");
    }
}
