package dev.antiphon.backplane.doorbell;

import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Logged;
import dev.antiphon.backplane.Nats;
import dev.antiphon.backplane.RealNats;
import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Chunk;
import dev.antiphon.protocol.ChunkBody;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;
import dev.antiphon.protocol.SessionHint;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;
import dev.antiphon.time.Time;

import io.nats.client.Subscription;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

@Timeout(60)
final class DoorbellTest {

    private static final PodId POD = new PodId("pod-1");
    private static final SessionPods SINGLE = new SessionPods(Set.of(), Set.of(POD));
    private static final SessionPods BATCHED = new SessionPods(Set.of(POD), Set.of());

    @RegisterExtension final RealNats nats = new RealNats();

    private final Listener listener = new Listener();

    /// Remembers the rings that it receives.
    private static class Listener implements RingListener {
        final Queue<SessionHint> hints = new ConcurrentLinkedQueue<>();
        final Queue<Ring> rings = new ConcurrentLinkedQueue<>();
        final Queue<Chunk> plain = new ConcurrentLinkedQueue<>();
        final Queue<SessionId> erased = new ConcurrentLinkedQueue<>();
        final AtomicInteger reconnects = new AtomicInteger();

        @Override
        public void rang(List<Ring> rang) {
            rings.addAll(rang);
        }

        @Override
        public void plain(Chunk chunk) {
            plain.add(chunk);
        }

        @Override
        public void erased(SessionId session) {
            erased.add(session);
        }

        @Override
        public void changed(UserId user, SessionId session) {
            hints.add(new SessionHint(user, session));
        }

        @Override
        public void reconnected() {
            reconnects.incrementAndGet();
        }

        List<Entry> entries() {
            return rings.stream().map(Ring::entry).toList();
        }
    }

    private NatsDoorbell subjects() throws InterruptedException {
        return new NatsDoorbell(nats.open("worker"), (_, _) -> {});
    }

    private Doorbell doorbell() throws InterruptedException {
        return new Doorbell(subjects(), Time.system());
    }

    /// A log of chunks with other entries in between.
    private static List<Entry> entries(int count) {
        List<Entry> entries = new ArrayList<>();
        EntryId at = EntryId.start(7);
        for (int i = 0; i < count; i++) {
            EventName event = i % 3 == 2 ? EventName.MESSAGE_COMPLETE : EventName.CHUNK;
            byte[] data = chunk("m1", i, "é " + i, null).encode();
            at = at.next(event, data);
            entries.add(new Entry(at, event, data));
        }
        return entries;
    }

    @Test
    void allEntriesArriveInTheirOrderByteForByteOverBothSubjects() throws Exception {
        try (var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            NatsDoorbell subjects = subjects();
            Doorbell doorbell = new Doorbell(subjects, Time.system());
            List<Entry> entries = entries(3_000);
            for (int i = 0; i < entries.size(); i += 10) {
                doorbell.ring(SINGLE, SESSION, entries.subList(i, i + 10));
            }

            await().until(() -> listener.rings.size() == entries.size());
            assertThat(listener.entries()).isEqualTo(entries);
            assertThat(listener.rings).allMatch(ring -> ring.session().equals(SESSION));
            assertThat(subjects.lost()).isZero();
            assertThat(subjects.sent()).isEqualTo(3_000);
            assertThat(subjects.batches()).isZero();
        }
    }

    /// While a plain pod uses the same name, single messages come between batches.
    @Test
    void allEntriesArriveInTheirOrderByteForByteInFewBatches() throws Exception {
        try (var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            NatsDoorbell subjects = subjects();
            List<Entry> entries = entries(3_000);
            try (Doorbell doorbell = new Doorbell(subjects, Time.system())) {
                for (int i = 0; i < entries.size(); i += 10) {
                    doorbell.ring(
                            i % 100 == 50 ? SINGLE : BATCHED, SESSION, entries.subList(i, i + 10));
                }
            }

            await().until(() -> listener.rings.size() == entries.size());
            assertThat(listener.entries()).isEqualTo(entries);
            assertThat(listener.rings).allMatch(ring -> ring.session().equals(SESSION));
            assertThat(subjects.sent()).isEqualTo(3_000);
            assertThat(subjects.batches()).isBetween(1L, 270L);
        }
    }

    @Test
    void whatATickHasCollectedArrivesWithoutAnotherCall() throws Exception {
        try (var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            Doorbell doorbell = doorbell();
            List<Entry> entries = entries(3);
            doorbell.ring(BATCHED, SESSION, entries.subList(0, 1));
            doorbell.ring(BATCHED, SESSION, entries.subList(1, 3));

            await().until(() -> listener.rings.size() == 3);
            assertThat(listener.entries()).isEqualTo(entries);
        }
    }

    @Test
    void aBatchIsNeverLargerThanNatsCarries() throws Exception {
        try (var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            NatsDoorbell subjects = subjects();
            List<Entry> entries = new ArrayList<>();
            EntryId at = EntryId.start(7);
            for (int i = 0; i < 40; i++) {
                byte[] data = chunk("m1", i, "x".repeat(100_000), null).encode();
                at = at.next(EventName.CHUNK, data);
                entries.add(new Entry(at, EventName.CHUNK, data));
            }
            new Doorbell(subjects, Time.system()).ringAtOnce(BATCHED, SESSION, entries);

            await().until(() -> listener.rings.size() == 40);
            assertThat(listener.entries()).isEqualTo(entries);
            assertThat(subjects.lost()).isZero();
        }
    }

    @Test
    void theGoodEntriesOfAMalformedBatchAreTaken() throws Exception {
        try (Logged logged = new Logged(PodSubscription.class);
                var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            RingBatch batch = new RingBatch();
            entries(2).forEach(entry -> batch.add(new Ring(SESSION, entry)));
            byte[] wire = batch.encode();
            byte[] cut = Arrays.copyOf(wire, wire.length + 3);
            nats.plain().publish("chat.pod.pod-1.batch", "{}".getBytes(StandardCharsets.UTF_8));
            nats.plain().publish("chat.pod.pod-1.batch", new byte[0]);
            nats.plain().publish("chat.pod.pod-1.batch", cut);

            await().until(() -> listener.rings.size() == 2);
            assertThat(listener.entries()).isEqualTo(entries(2));
            assertThat(logged.warnings()).hasSize(3);
            assertThat(logged.warnings().getLast())
                    .startsWith("ignored malformed entries of a batch");
        }
    }

    @Test
    void aPlainPodGetsTheContractsChunkAndNothingElse() throws Exception {
        Subscription plainPod = nats.plain().subscribe("chat.pod.pod-1.response");
        nats.plain().flush(Duration.ofSeconds(5));

        doorbell().ring(SINGLE, SESSION, entries(3));

        assertThat(json(plainPod))
                .startsWith(
                        "{\"session_id\":\"s1\",\"message_id\":\"m1\",\"chunk_id\":0,\"chunk\":\"é 0\",")
                .endsWith(",\"event_id\":\"" + entries(1).getFirst().id() + "\"}");
        assertThat(json(plainPod)).contains("\"chunk_id\":1,");
        assertThat(plainPod.nextMessage(Duration.ofMillis(200))).isNull();
    }

    private static String json(Subscription subscription) throws InterruptedException {
        byte[] data = subscription.nextMessage(Duration.ofSeconds(5)).getData();
        return new String(data, StandardCharsets.UTF_8);
    }

    @Test
    void eachPodIsRungAndNoOther() throws Exception {
        Listener other = new Listener();
        Listener stranger = new Listener();
        try (var _ = PodSubscription.open(nats.nats(), POD, listener);
                var _ = PodSubscription.open(nats.open("2"), new PodId("pod-2"), other);
                var _ = PodSubscription.open(nats.open("3"), new PodId("pod-3"), stranger)) {
            doorbell()
                    .ring(
                            new SessionPods(Set.of(POD), Set.of(new PodId("pod-2"))),
                            SESSION,
                            entries(6));

            await().until(() -> listener.rings.size() == 6 && other.rings.size() == 6);
            assertThat(other.entries()).isEqualTo(listener.entries());
            assertThat(stranger.rings).isEmpty();
        }
    }

    @Test
    void malformedRingsAreSkipped() throws Exception {
        try (Logged logged = new Logged(PodSubscription.class);
                var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            for (String garbage : List.of("", "{", "\u0000", "null", "{\"session_id\":\"a.b\"}")) {
                byte[] bytes = garbage.getBytes(StandardCharsets.UTF_8);
                nats.plain().publish("chat.pod.pod-1.response", bytes);
                nats.plain().publish("chat.pod.pod-1.event", bytes);
            }
            nats.plain().publish("chat.pod.pod-1.response", new byte[] {(byte) 0xff});
            // From a plain worker: without a place in a log.
            nats.plain().publish("chat.pod.pod-1.response", chunk("m1", 0, "plain", null).encode());
            nats.plain().flush(Duration.ofSeconds(5));
            doorbell().ring(BATCHED, SESSION, entries(1));

            await().until(() -> !listener.rings.isEmpty());
            assertThat(listener.entries()).isEqualTo(entries(1));
            assertThat(logged.warnings())
                    .hasSize(11)
                    .allSatisfy(
                            warning -> assertThat(warning).startsWith("ignored a malformed ring"));
        }
    }

    @Test
    void aPlainWorkersChunkArrivesAsAPlainChunk() throws Exception {
        try (var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            nats.plain()
                    .publish(
                            "chat.pod.pod-1.response",
                            """
                            {"is_final":false,"chunk":"Hello","chunk_id":3,"message_id":"m1",
                             "session_id":"s1","more":[1]}
                            """
                                    .getBytes(StandardCharsets.UTF_8));

            await().until(() -> listener.plain.size() == 1);
            Chunk chunk = listener.plain.element();
            assertThat(chunk.chunkId()).isEqualTo(3);
            assertThat(chunk.body()).isEqualTo(new ChunkBody.Content("Hello"));
            assertThat(listener.rings).isEmpty();
        }
    }

    @Test
    void aListenerThatFailsGetsTheNextRings() throws Exception {
        Listener failing =
                new Listener() {
                    @Override
                    public void rang(List<Ring> rang) {
                        super.rang(rang);
                        throw new IllegalStateException("oops");
                    }
                };
        try (Logged logged = new Logged(PodSubscription.class);
                var _ = PodSubscription.open(nats.nats(), POD, failing)) {
            doorbell().ring(SINGLE, SESSION, entries(3));

            await().until(() -> failing.rings.size() == 3);
            await().until(() -> logged.warnings().size() == 3);
        }
    }

    @Test
    void aChangeOfAUsersListReachesEveryPod() throws Exception {
        Listener other = new Listener();
        try (var _ = PodSubscription.open(nats.nats(), POD, listener);
                var _ = PodSubscription.open(nats.nats(), new PodId("pod-2"), other)) {
            SessionHint hint = new SessionHint(new UserId("u_1-a"), SESSION);
            nats.nats()
                    .connection()
                    .publish("chat.user.u_1-a.sessions", "{}".getBytes(StandardCharsets.UTF_8));
            subjects().changed(hint.user(), hint.session());
            for (Listener each : List.of(listener, other)) {
                await().untilAsserted(() -> assertThat(each.hints).containsExactly(hint));
            }
        }
    }

    @Test
    void podsHearThatASessionWasErased() throws Exception {
        try (var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            subjects().erased(Set.of(POD), SESSION);

            await().until(() -> !listener.erased.isEmpty());
            assertThat(listener.erased).containsExactly(SESSION);
            assertThat(listener.rings).isEmpty();
        }
    }

    @Test
    void anEntryLargerThanNatsCarriesIsLeftToTheLog() throws Exception {
        try (var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            NatsDoorbell subjects = subjects();
            Doorbell doorbell = new Doorbell(subjects, Time.system());
            byte[] huge = chunk("m1", 0, "x".repeat(1 << 20), null).encode();
            Entry entry =
                    new Entry(EntryId.start(7).next(EventName.CHUNK, huge), EventName.CHUNK, huge);

            doorbell.ring(SINGLE, SESSION, List.of(entry));
            doorbell.ring(BATCHED, SESSION, List.of(entry));
            doorbell.ring(BATCHED, SESSION, entries(1));

            await().until(() -> listener.rings.size() == 1);
            assertThat(listener.entries()).isEqualTo(entries(1));
            assertThat(subjects.lost()).isEqualTo(2);
        }
    }

    @Test
    void whileNatsIsUnavailableRingsAreNotKeptAndItsReturnIsReported() throws Exception {
        Nats worker = nats.open("worker");
        NatsDoorbell subjects = new NatsDoorbell(worker, (_, _) -> {});
        Doorbell doorbell = new Doorbell(subjects, Time.system());
        try (var _ = PodSubscription.open(nats.nats(), POD, listener)) {
            nats.server().kill();
            await().until(() -> !worker.connected());
            doorbell.ring(SINGLE, SESSION, entries(5));
            doorbell.ringAtOnce(BATCHED, SESSION, entries(5));
            assertThat(subjects.lost()).isEqualTo(10);

            nats.server().restart();

            await().until(() -> listener.reconnects.get() == 1 && worker.connected());
            doorbell.ring(BATCHED, SESSION, entries(1));
            await().until(() -> !listener.rings.isEmpty());
            assertThat(listener.entries()).isEqualTo(entries(1));
        }
    }

    @Test
    void aListenerThatIsSlowLosesRingsRatherThanMemory() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        Listener slow =
                new Listener() {
                    @Override
                    public void rang(List<Ring> rang) {
                        try {
                            go.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                        super.rang(rang);
                    }
                };
        try (Logged logged = new Logged(Nats.class);
                var _ = PodSubscription.open(nats.nats(), POD, slow)) {
            byte[] ring = new Ring(SESSION, entries(1).getFirst()).encode();
            for (int i = 0; i < 70_000; i++) {
                nats.plain().publish("chat.pod.pod-1.response", ring);
            }
            nats.plain().flush(Duration.ofSeconds(20));
            await().until(() -> !logged.warnings().isEmpty());
            go.countDown();

            await().until(() -> slow.rings.size() > 65_000);
            assertThat(slow.rings).hasSizeLessThan(70_000);
            assertThat(logged.warnings()).first().asString().startsWith("rings arrive faster");
        }
    }

    @Test
    void workersHearWhichMessageWasCancelled() throws Exception {
        Queue<String> heard = new ConcurrentLinkedQueue<>();
        try (Logged logged = new Logged(CancelSubscription.class);
                var _ =
                        CancelSubscription.open(
                                nats.nats(),
                                (session, message) -> heard.add(session + " " + message))) {
            nats.nats().connection().flush(Duration.ofSeconds(5));
            nats.plain().publish("chat.workflow.cancel", new byte[] {'{'});
            nats.plain().flush(Duration.ofSeconds(5));
            subjects().cancelled(SESSION, new MessageId("m1"));

            await().until(() -> !heard.isEmpty());
            assertThat(heard).containsExactly("s1 m1");
            assertThat(logged.warnings()).hasSize(1);
        }
    }

    @Test
    void afterItsCloseNothingArrives() throws Exception {
        PodSubscription subscription = PodSubscription.open(nats.nats(), POD, listener);
        subscription.close();

        doorbell().ringAtOnce(BATCHED, SESSION, entries(3));
        doorbell().ring(SINGLE, SESSION, entries(3));
        nats.nats().connection().flush(Duration.ofSeconds(5));

        assertThat(listener.rings).isEmpty();
    }
}
