package dev.antiphon.backplane.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.antiphon.backplane.Logged;
import dev.antiphon.backplane.Nats;
import dev.antiphon.backplane.RealNats;
import dev.antiphon.backplane.Unavailable;

import io.nats.client.JetStreamManagement;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

final class TopologyTest {

    @RegisterExtension final RealNats nats = new RealNats();

    private JetStreamManagement management() throws Exception {
        return nats.plain().jetStreamManagement();
    }

    @Test
    void theStreamsAndTheConsumerAreMadeAsTheDesignSays() throws Exception {
        var _ = Topology.ensure(nats.nats());

        StreamConfiguration requests =
                management().getStreamInfo("CHAT_WORKFLOW").getConfiguration();
        assertThat(requests.getSubjects()).containsExactly("chat.workflow.execute.*");
        assertThat(requests.getRetentionPolicy()).isEqualTo(RetentionPolicy.WorkQueue);
        assertThat(requests.getStorageType()).isEqualTo(StorageType.File);
        assertThat(requests.getDiscardPolicy()).isEqualTo(DiscardPolicy.New);
        assertThat(requests.getMaxAge()).isEqualTo(Duration.ofHours(24));
        assertThat(requests.getDuplicateWindow()).isEqualTo(Duration.ofMinutes(2));
        StreamConfiguration dead =
                management().getStreamInfo("CHAT_DEAD_LETTERS").getConfiguration();
        assertThat(dead.getSubjects()).containsExactly("chat.deadletter.>");
        assertThat(dead.getRetentionPolicy()).isEqualTo(RetentionPolicy.Limits);
        assertThat(dead.getDiscardPolicy()).isEqualTo(DiscardPolicy.Old);
        ConsumerConfiguration workers =
                management()
                        .getConsumerInfo("CHAT_WORKFLOW", "workflow-workers")
                        .getConsumerConfiguration();
        assertThat(workers.getAckPolicy()).isEqualTo(AckPolicy.Explicit);
        assertThat(workers.getAckWait()).isEqualTo(Duration.ofSeconds(30));
        assertThat(workers.getMaxDeliver()).isEqualTo(-1);
        assertThat(workers.getMaxAckPending()).isEqualTo(100_000);
    }

    @Test
    void doingItAgainChangesNothing() throws Exception {
        var _ = Topology.ensure(nats.nats());
        nats.plain().publish("chat.workflow.execute.s1", new byte[] {1});
        StreamConfiguration before = management().getStreamInfo("CHAT_WORKFLOW").getConfiguration();

        var _ = Topology.ensure(nats.nats());

        assertThat(management().getStreamInfo("CHAT_WORKFLOW").getConfiguration().toJson())
                .isEqualTo(before.toJson());
        assertThat(management().getStreamInfo("CHAT_WORKFLOW").getStreamState().getMsgCount())
                .isOne();
    }

    /// On a busy machine JetStream might not answer one of them in time; that one then asks again.
    @Test
    void manyProcessesMayDoItAtOnce() throws Exception {
        List<Nats> processes = List.of(nats.nats(), nats.open("2"), nats.open("3"), nats.open("4"));
        for (int round = 0; round < 50; round++) { // the server refuses one of them now and then
            for (String stream : management().getStreamNames()) {
                management().deleteStream(stream);
            }
            openAtOnce(processes);
        }
    }

    private void openAtOnce(List<Nats> processes) throws Exception {
        CountDownLatch start = new CountDownLatch(1);
        List<Callable<Boolean>> ensures =
                processes.stream()
                        .map(process ->
                                (Callable<Boolean>)
                                        () -> {
                                            start.await();
                                            var _ = NatsQueue.open(process);
                                            return true;
                                        })
                        .toList();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> done = ensures.stream().map(executor::submit).toList();
            start.countDown();
            for (Future<Boolean> each : done) {
                assertThat(each.get()).isTrue();
            }
        }
        assertThat(management().getStreamNames())
                .containsExactlyInAnyOrder("CHAT_WORKFLOW", "CHAT_DEAD_LETTERS");
        assertThat(management().getConsumerNames("CHAT_WORKFLOW"))
                .containsExactly("workflow-workers");
    }

    /// A server that is busy when a process starts must not end that process.
    @Test
    void aStartWaitsForAJetStreamThatDoesNotAnswerInTime() throws Exception {
        signal("STOP");
        try (Logged logged = new Logged(NatsQueue.class);
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<NatsQueue> opening = executor.submit(() -> NatsQueue.open(nats.nats()));
            try {
                await().until(() -> opening.isDone() || !logged.warnings().isEmpty());
                assertThat(opening).isNotDone();
                assertThat(logged.warnings())
                        .singleElement()
                        .asString()
                        .startsWith("the queue is unavailable, retrying");
            } finally {
                signal("CONT");
            }
            assertThat(opening.get()).isNotNull();
        }
        assertThat(management().getStreamNames()).contains("CHAT_WORKFLOW");
    }

    private void signal(String name) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + name, "" + nats.server().pid()).start();
        assertThat(kill.waitFor()).isZero();
    }

    @Test
    void aStreamOfOurNameWithOtherSettingsIsLeftAloneAndNamed() throws Exception {
        StreamConfiguration theirs =
                StreamConfiguration.builder()
                        .name("CHAT_WORKFLOW")
                        .subjects("orders.*")
                        .maxAge(Duration.ofHours(1))
                        .build();
        management().addStream(theirs);

        assertThatThrownBy(() -> NatsQueue.open(nats.nats()))
                .isInstanceOf(Unavailable.class)
                .hasMessageStartingWith(
                        "JetStream's stream CHAT_WORKFLOW has subjects [orders.*] instead of"
                                + " [chat.workflow.execute.*]; ");
        assertThat(management().getStreamInfo("CHAT_WORKFLOW").getConfiguration().getSubjects())
                .containsExactly("orders.*");
    }

    @Test
    void aConsumerOfOurNameWithOtherSettingsIsLeftAloneAndNamed() throws Exception {
        var _ = Topology.ensure(nats.nats());
        management().deleteConsumer("CHAT_WORKFLOW", "workflow-workers");
        management()
                .addOrUpdateConsumer(
                        "CHAT_WORKFLOW",
                        ConsumerConfiguration.builder()
                                .durable("workflow-workers")
                                .filterSubject("chat.workflow.execute.*")
                                .ackWait(Duration.ofSeconds(5))
                                .build());

        assertThatThrownBy(() -> Topology.ensure(nats.nats()))
                .isInstanceOf(Unavailable.class)
                .hasMessageStartingWith(
                        "JetStream's consumer workflow-workers of CHAT_WORKFLOW has ack wait PT5S"
                                + " instead of PT30S; ");
    }

    @Test
    void anotherStreamOnOurSubjectsIsAClearError() throws Exception {
        management()
                .addStream(
                        StreamConfiguration.builder().name("ALL_CHAT").subjects("chat.>").build());

        assertThatThrownBy(() -> Topology.ensure(nats.nats()))
                .isInstanceOf(Unavailable.class)
                .hasMessageContaining("JetStream cannot be set up")
                .hasMessageContaining("overlap");
    }

    /// For example a stream with three replicas in a cluster.
    @Test
    void anOperatorsAdditionsToOurSettingsStay() throws Exception {
        var _ = Topology.ensure(nats.nats());
        StreamConfiguration ours = management().getStreamInfo("CHAT_WORKFLOW").getConfiguration();
        management()
                .updateStream(
                        StreamConfiguration.builder(ours)
                                .description("looked after by ops")
                                .maxMessages(5)
                                .build());

        var _ = Topology.ensure(nats.nats());

        StreamConfiguration now = management().getStreamInfo("CHAT_WORKFLOW").getConfiguration();
        assertThat(now.getDescription()).isEqualTo("looked after by ops");
        assertThat(now.getMaxMsgs()).isEqualTo(5);
    }
}
