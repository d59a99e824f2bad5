package dev.antiphon.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nats.client.JetStreamApiException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Duration;

/// The server delivers a request to any open pull, so a worker that cannot claim must not have one.
final class OpenPullsTest {

    private static final Duration IN_TIME = Duration.ofSeconds(20);

    private PlainPeers peers;

    @BeforeEach
    void start() throws Exception {
        peers = new PlainPeers();
    }

    @AfterEach
    void stop() throws Exception {
        peers.close();
    }

    private long openPulls() throws IOException, JetStreamApiException {
        return peers.nats
                .jetStreamManagement()
                .getConsumerInfo("CHAT_WORKFLOW", "workflow-workers")
                .getNumWaiting();
    }

    /// Looks at the lease first: a pull that is open after that has outlived it, however slow this machine is.
    private boolean hasNoPull() throws IOException, JetStreamApiException {
        boolean leased = !peers.redis.sync().keys("chat:worker:*").isEmpty();
        long pulls = openPulls();
        assertThat(leased || pulls == 0).as("the lease ended before the pull").isTrue();
        return pulls == 0;
    }

    @Test
    void thePullOfAFrozenWorkerEndsBeforeItsLease() throws Exception {
        try (WorkerProcess worker = WorkerProcess.start(peers.environment())) {
            await().atMost(IN_TIME).until(() -> openPulls() == 1);

            worker.pause();

            await().atMost(IN_TIME).pollInterval(Duration.ofMillis(50)).until(this::hasNoPull);
            worker.resume();
            await().atMost(IN_TIME).until(() -> openPulls() == 1);
        }
    }

    @Test
    void aWorkerThatCannotRenewItsLeaseDoesNotPull() throws Exception {
        try (WorkerProcess _ = WorkerProcess.start(peers.environment())) {
            await().atMost(IN_TIME).until(() -> openPulls() == 1);

            WorkerProcess.signal("-STOP", peers.redisServer.pid());

            await().atMost(IN_TIME)
                    .during(Duration.ofSeconds(2)) // longer than one pull
                    .until(() -> openPulls() == 0);
            WorkerProcess.signal("-CONT", peers.redisServer.pid());
            await().atMost(IN_TIME).until(() -> openPulls() == 1);
        }
    }
}
