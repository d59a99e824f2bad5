package dev.antiphon.backplane.doorbell;

import static dev.antiphon.backplane.log.Chat.SESSION;
import static dev.antiphon.backplane.log.Chat.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.RealNats;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.EntryId;
import dev.antiphon.protocol.EventName;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.Ring;
import dev.antiphon.protocol.RingBatch;
import dev.antiphon.protocol.SessionId;

import io.nats.client.Message;
import io.nats.client.Subscription;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// Plain pods at a real nats-server, and a clock that the test moves.
@Timeout(60)
final class ProbesTest {

    private static final PodId PLAIN = new PodId("plain");
    private static final SessionId OTHER = new SessionId("s2");
    private static final Duration WAIT = Duration.ofSeconds(5);

    @RegisterExtension final RealNats nats = new RealNats();

    private final AtomicLong clock = new AtomicLong(1);
    private final Queue<String> unheard = new ConcurrentLinkedQueue<>();

    private NatsDoorbell doorbell() throws InterruptedException {
        return new NatsDoorbell(
                nats.open("worker"),
                (session, pod) -> unheard.add(session + " " + pod),
                clock::get);
    }

    private static void ring(NatsDoorbell doorbell, SessionId session) {
        byte[] data = chunk("m1", 0, "hi", null).encode();
        Entry entry = new Entry(EntryId.start(7), EventName.CHUNK, data);
        doorbell.one(Set.of(PLAIN), new Ring(session, entry));
    }

    private static RingBatch batch() {
        RingBatch batch = new RingBatch();
        byte[] data = chunk("m1", 0, "hi", null).encode();
        Entry entry = new Entry(EntryId.start(7), EventName.CHUNK, data);
        batch.add(new Ring(SESSION, entry));
        batch.add(new Ring(OTHER, entry));
        batch.add(new Ring(SESSION, entry));
        return batch;
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    private Subscription plainPod() throws Exception {
        Subscription subscription = nats.plain().subscribe("chat.pod.plain.response");
        nats.plain().flush(WAIT);
        return subscription;
    }

    /// Rings a pod without a listener, and waits until the server has reported it.
    private static void ringInVain(NatsDoorbell doorbell, SessionId session) {
        long before = doorbell.unheard();
        ring(doorbell, session);
        await().until(() -> doorbell.unheard() > before);
    }

    @Test
    void aPodWithoutAListenerIsGivenUpAfterHalfAMinute() throws Exception {
        NatsDoorbell doorbell = doorbell();
        for (int i = 0; i < 3; i++) {
            ringInVain(doorbell, SESSION);
            pass(Probes.EVERY);
        }
        assertThat(unheard).isEmpty();

        ringInVain(doorbell, SESSION);

        assertThat(unheard).containsExactly("s1 plain");
    }

    @Test
    void eachSessionThatStillNamesADeadPodIsReported() throws Exception {
        NatsDoorbell doorbell = doorbell();
        for (int i = 0; i < 4; i++) {
            ringInVain(doorbell, SESSION);
            pass(Probes.EVERY);
        }

        ringInVain(doorbell, SESSION);
        ringInVain(doorbell, OTHER);

        assertThat(unheard).contains("s2 plain");
    }

    @Test
    void aPodThatGetsBatchesIsGivenUpInTheSameWay() throws Exception {
        NatsDoorbell doorbell = doorbell();
        for (int i = 0; i < 4; i++) {
            assertThat(unheard).isEmpty();
            long before = doorbell.unheard();
            doorbell.batch(PLAIN, batch());
            await().until(() -> doorbell.unheard() > before);
            pass(Probes.EVERY);
        }

        assertThat(unheard).containsExactly("s1 plain", "s2 plain");
    }

    @Test
    void aPodThatListensToBatchesIsKept() throws Exception {
        NatsDoorbell doorbell = doorbell();
        Subscription pod = nats.plain().subscribe("chat.pod.plain.batch");
        nats.plain().flush(WAIT);
        for (int i = 0; i < 6; i++) {
            doorbell.batch(PLAIN, batch());
            Message message = Objects.requireNonNull(pod.nextMessage(WAIT));
            assertThat(message.getReplyTo()).isNotNull();
            pass(Probes.EVERY);
        }

        assertThat(doorbell.unheard()).isZero();
        assertThat(unheard).isEmpty();
    }

    @Test
    void aSparedPodBeginsAgainWithoutACount() throws Exception {
        NatsDoorbell doorbell = doorbell();
        for (int i = 0; i < 4; i++) {
            ringInVain(doorbell, SESSION);
            pass(Probes.EVERY);
        }
        assertThat(unheard).hasSize(1);

        doorbell.spare(PLAIN);
        for (int i = 0; i < 3; i++) {
            ringInVain(doorbell, SESSION);
            pass(Probes.EVERY);
        }

        assertThat(unheard).hasSize(1);
    }

    @Test
    void aLivePlainPodIsKeptAndGetsNothingButChunks() throws Exception {
        NatsDoorbell doorbell = doorbell();
        Subscription pod = plainPod();
        for (int i = 0; i < 6; i++) {
            ring(doorbell, SESSION);
            Message message = Objects.requireNonNull(pod.nextMessage(WAIT));
            assertThat(message.getData()).asString().startsWith("{\"session_id\":\"s1\"");
            if (message.getReplyTo() != null) {
                nats.plain()
                        .publish(
                                message.getReplyTo(),
                                "ok".getBytes(StandardCharsets.UTF_8)); // a pod that replies
                nats.plain().flush(WAIT);
            }
            pass(Probes.EVERY);
        }

        assertThat(pod.nextMessage(Duration.ofMillis(1))).isNull();
        assertThat(unheard).isEmpty();
    }

    @Test
    void aPodThatIsBackIsNotCountedOut() throws Exception {
        NatsDoorbell doorbell = doorbell();
        for (int i = 0; i < 2; i++) {
            ringInVain(doorbell, SESSION);
            pass(Probes.EVERY);
        }
        Subscription pod = plainPod();
        ring(doorbell, SESSION);
        assertThat(pod.nextMessage(WAIT)).isNotNull();
        pass(Probes.EVERY);
        pod.unsubscribe();
        nats.plain().flush(WAIT);
        for (int i = 0; i < 3; i++) {
            ringInVain(doorbell, SESSION);
            pass(Probes.EVERY);
        }

        assertThat(unheard).isEmpty();
    }

    /// Most chunks are sent without a reply subject, exactly as the contract says.
    @Test
    void aPodIsAskedOnlyNowAndThen() throws Exception {
        NatsDoorbell doorbell = doorbell();
        Subscription pod = plainPod();
        int asked = 0;
        for (int i = 0; i < 100; i++) {
            ring(doorbell, SESSION);
            asked += Objects.requireNonNull(pod.nextMessage(WAIT)).getReplyTo() == null ? 0 : 1;
            pass(Duration.ofMillis(100));
        }

        assertThat(asked).isOne();
    }
}
