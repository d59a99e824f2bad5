package dev.antiphon.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.backplane.log.Append;
import dev.antiphon.backplane.log.Batch;
import dev.antiphon.backplane.log.Token;
import dev.antiphon.backplane.queue.StoredRequest;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.RequestContext;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.protocol.WorkflowRequest;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/// The checker reports each kind of violation when one is added to a good world.
final class CheckerTest {

    /// A world with few faults.
    private static final long SEED = 1;

    private static final SessionId SESSION = new SessionId("s1");

    private static final PodId POD = new PodId("pod");
    private static final SessionPods BATCHED = new SessionPods(Set.of(POD), Set.of());

    private final World world = World.lived(SEED, new Seams());
    private final ModelSession session =
            java.util.Objects.requireNonNull(world.redis().session(SESSION));

    private final Host host = world.host("another");

    private List<String> violations() {
        Checker.check(world);
        return world.chronicle().violations();
    }

    private void reports(String invariant) {
        assertThat(violations()).anyMatch(each -> each.startsWith(invariant + ":"));
    }

    private static Chunk chunk(String message, int id) {
        return new Chunk(
                SESSION,
                new MessageId(message),
                id,
                new ChunkBody.Content("x"),
                null,
                Instant.EPOCH,
                "c");
    }

    private static WorkflowRequest request(String message) {
        return new WorkflowRequest(
                new MessageId(message),
                SESSION,
                new UserId("u1"),
                "x",
                RequestContext.empty(),
                null,
                Instant.EPOCH,
                "c");
    }

    private static Entry last(List<Entry> entries, EventName event) {
        return entries.stream()
                .filter(entry -> entry.event() == event)
                .reduce((_, last) -> last)
                .orElseThrow();
    }

    @Test
    void aGoodWorldHasNoViolation() {
        assertThat(violations()).isEmpty();
    }

    @Test
    void aMissingEntryBreaksI1() {
        session.entries.remove(session.entries.size() / 2);

        reports("I1");
    }

    @Test
    void aChunkAfterTheEndBreaksI1() {
        Chunk end = Chunk.decode(last(session.entries, EventName.CHUNK).data());
        session.add(EventName.CHUNK, chunk(end.messageId().value(), end.chunkId() + 1).encode());

        reports("I1");
    }

    @Test
    void aSecondTerminalBreaksI1() {
        session.add(
                EventName.MESSAGE_COMPLETE,
                last(session.entries, EventName.MESSAGE_COMPLETE).data());

        reports("I1");
    }

    @Test
    void anAnswerWithoutAnEndBreaksI1() {
        session.add(EventName.CHUNK, chunk("unknown", 0).encode());

        reports("I1");
    }

    @Test
    void anAppendWithAnOldTokenBreaksI2() {
        Batch batch =
                new Batch(
                        SESSION,
                        new MessageId("m"),
                        Token.mint(),
                        0,
                        List.of(new Batch.Addition(EventName.CHUNK, chunk("m", 0).encode())),
                        Batch.Then.CONTINUE);
        world.chronicle()
                .appended(
                        batch,
                        Token.mint(),
                        true,
                        new Append.Appended(List.of(), SessionPods.NONE));

        reports("I2");
    }

    @Test
    void aRingBeforeTheAppendBreaksI3() {
        byte[] data = chunk("m", 0).encode();
        world.chronicle()
                .rung(
                        host,
                        POD,
                        new Ring(
                                SESSION,
                                new Entry(
                                        session.tail().next(EventName.CHUNK, data),
                                        EventName.CHUNK,
                                        data)),
                        true);

        reports("I3");
    }

    @Test
    void anEntryThatIsNotRungBreaksI3() {
        committed(1);
        boolean[] passed = {false};
        world.scheduler().after(Duration.ofSeconds(1).toNanos(), () -> passed[0] = true);
        while (!passed[0]) {
            world.scheduler().step();
        }

        reports("I3");
    }

    @Test
    void entriesThatAreRungInAnotherOrderBreakI3() {
        committed(2);

        rung(session.entries.getLast(), true);
        rung(session.entries.get(session.entries.size() - 2), true);

        reports("I3");
    }

    @Test
    void aBatchInsteadOfSingleMessagesBreaksI3() {
        committed(1);

        rung(session.entries.getLast(), false);

        reports("I3");
    }

    @Test
    void batchesForAPodThatKnowsNoneBreakI3() {
        world.chronicle().told(Set.of(new Member(POD, new ConnectionId("conn_1"))), BATCHED);

        reports("I3");
    }

    /// A process learns of the last entries.
    private void committed(int count) {
        int size = session.entries.size();
        world.chronicle()
                .committed(
                        host,
                        SESSION,
                        new Append.Appended(session.entries.subList(size - count, size), BATCHED));
    }

    private void rung(Entry entry, boolean batched) {
        world.chronicle().rung(host, POD, new Ring(SESSION, entry), batched);
    }

    @Test
    void aDoubledAndASkippedEntryBreakI4() {
        Browser browser =
                world.browsers().stream()
                        .filter(each -> each.session().equals(SESSION))
                        .findFirst()
                        .orElseThrow();
        browser.line()
                .hear(
                        new String(
                                session.entries.getLast().frame(),
                                java.nio.charset.StandardCharsets.UTF_8));

        reports("I4");
    }

    @Test
    void aTextThatNoAttemptSaidBreaksI5() {
        int at = session.entries.indexOf(last(session.entries, EventName.CHUNK));
        Entry end = session.entries.get(at);
        byte[] changed =
                end.dataText()
                        .replaceFirst("\"chunk\":\"", "\"chunk\":\"No. ")
                        .getBytes(java.nio.charset.StandardCharsets.UTF_8);
        session.entries.set(at, new Entry(end.id(), end.event(), changed));

        reports("I5");
    }

    @Test
    void aHistoryThatSaysSomethingElseBreaksI5() {
        session.history.replaceAll((_, text) -> text + "!");

        reports("I5");
    }

    @Test
    void anAckBeforeTheEndBreaksI6() {
        world.chronicle()
                .acked(
                        new StoredRequest(
                                ModelQueue.subject(SESSION),
                                request("never").encode(),
                                99,
                                Instant.EPOCH));

        reports("I6");
    }

    @Test
    void aMessageThatIsNeverAnsweredBreaksI6() {
        world.chronicle().accepted(new Place(SESSION, new MessageId("never")));

        reports("I6");
    }

    @Test
    void aMessageThatWaitsForeverIsStuck() {
        session.waiting.put(99L, new MessageId("never"));
        Checker.stuck(world);

        reports("stuck");
    }
}
