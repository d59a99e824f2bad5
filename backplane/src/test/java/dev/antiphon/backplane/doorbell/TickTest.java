package dev.antiphon.backplane.doorbell;

import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;
import dev.antiphon.protocol.SessionId;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// When the doorbell sends what, on a clock that the test moves.
final class TickTest {

    private static final PodId POD = new PodId("pod");
    private static final SessionPods BATCHED = new SessionPods(Set.of(POD), Set.of());
    private static final SessionPods SINGLE = new SessionPods(Set.of(), Set.of(POD));
    private static final SessionId OTHER = new SessionId("s2");

    private final HandTime time = new HandTime();
    private final List<String> sent = new ArrayList<>();
    private long mostBytes = 1 << 20;
    private final Doorbell doorbell =
            new Doorbell(
                    new RingSender() {
                        @Override
                        public void one(Set<PodId> pods, Ring ring) {
                            pods.forEach(pod -> sent.add(pod + " alone " + shown(ring)));
                        }

                        @Override
                        public void batch(PodId pod, RingBatch batch) {
                            sent.add(
                                    pod
                                            + " "
                                            + String.join(
                                                    " ",
                                                    batch.rings().stream()
                                                            .map(TickTest::shown)
                                                            .toList()));
                        }

                        @Override
                        public long mostBytes() {
                            return mostBytes;
                        }
                    },
                    time);

    private static String shown(Ring ring) {
        return ring.session() + "/" + ring.entry().id().number();
    }

    private static List<Entry> entries(int from, int to) {
        List<Entry> entries = new ArrayList<>();
        for (int number = from; number <= to; number++) {
            byte[] data = chunk("m1", number, "text", null).encode();
            entries.add(new Entry(new EntryId(7, number, number), EventName.CHUNK, data));
        }
        return entries;
    }

    private void ring(SessionId session, int from, int to) {
        doorbell.ring(BATCHED, session, entries(from, to));
    }

    @Test
    void afterAQuietTickEntriesAreSentAtOnce() {
        ring(SESSION, 1, 2);
        assertThat(sent).containsExactly("pod s1/1 s1/2");
        time.pass(Doorbell.TICK);
        ring(SESSION, 3, 3);
        assertThat(sent).containsExactly("pod s1/1 s1/2", "pod s1/3");
    }

    @Test
    void underLoadTheEntriesOfAllSessionsShareOneMessageAtTheEndOfTheTick() {
        ring(SESSION, 1, 1);
        time.pass(Doorbell.TICK.dividedBy(4));
        ring(SESSION, 2, 3);
        ring(OTHER, 1, 1);
        ring(SESSION, 4, 4);
        assertThat(sent).hasSize(1);

        time.pass(Doorbell.TICK.dividedBy(2));
        assertThat(sent).hasSize(1);
        time.pass(Doorbell.TICK.dividedBy(4));
        assertThat(sent).containsExactly("pod s1/1", "pod s1/2 s1/3 s2/1 s1/4");

        ring(OTHER, 2, 2);
        assertThat(sent).hasSize(2);
        time.pass(Doorbell.TICK);
        assertThat(sent.getLast()).isEqualTo("pod s2/2");
    }

    @Test
    void aFirstChunkDoesNotWaitAndTakesTheOthersWithIt() {
        ring(SESSION, 1, 1);
        ring(SESSION, 2, 2);

        doorbell.ringAtOnce(BATCHED, OTHER, entries(1, 1));

        assertThat(sent).containsExactly("pod s1/1", "pod s1/2 s2/1");
        time.pass(Doorbell.TICK);
        assertThat(sent).hasSize(2);
    }

    @Test
    void aFullBatchIsSentBeforeTheEndOfTheTick() {
        ring(SESSION, 1, 1);
        ring(SESSION, 2, 258);
        assertThat(sent).hasSize(2);
        assertThat(sent.getLast()).startsWith("pod s1/2 ").endsWith(" s1/257");

        mostBytes = entries(1, 1).getFirst().data().length * 2L;
        ring(SESSION, 259, 260);
        assertThat(sent).hasSize(4).endsWith("pod s1/258", "pod s1/259");
        time.pass(Doorbell.TICK);
        assertThat(sent).hasSize(5).endsWith("pod s1/260");
    }

    @Test
    void anEntryThatIsTooLongIsAlone() {
        mostBytes = 10;
        ring(SESSION, 1, 2);
        assertThat(sent).containsExactly("pod s1/1", "pod s1/2");
    }

    @Test
    void entriesThatWaitAreSentBeforeTheSamePodGetsSingleMessages() {
        ring(SESSION, 1, 1);
        ring(SESSION, 2, 2);
        doorbell.ring(SINGLE, SESSION, entries(3, 4));

        assertThat(sent)
                .containsExactly("pod s1/1", "pod s1/2", "pod alone s1/3", "pod alone s1/4");
    }

    @Test
    void closingSendsWhatWaitsAndNothingWaitsAfterwards() {
        ring(SESSION, 1, 1);
        ring(SESSION, 2, 2);
        doorbell.close();
        assertThat(sent).containsExactly("pod s1/1", "pod s1/2");

        ring(SESSION, 3, 3);
        doorbell.close();

        assertThat(sent).containsExactly("pod s1/1", "pod s1/2", "pod s1/3");
    }

    @Test
    void aPodThatIsForgottenGetsItsEntriesFirst() {
        ring(SESSION, 1, 1);
        ring(SESSION, 2, 2);
        for (int i = 0; i < 1_000; i++) {
            doorbell.ring(
                    new SessionPods(Set.of(new PodId("pod-" + i)), Set.of()), OTHER, entries(1, 1));
        }
        assertThat(sent).contains("pod s1/2");
    }
}
