package dev.antiphon.backplane.queue;

import dev.antiphon.backplane.Nats;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.protocol.Subjects;

import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.ServerInfo;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;

/// The streams and the consumer that must exist in JetStream. The first process that starts creates them. Their
/// settings are read back, because a server silently drops settings that it does not know.
final class Topology {

    static final String REQUESTS = "CHAT_WORKFLOW";
    static final String DEAD_LETTERS = "CHAT_DEAD_LETTERS";
    static final String WORKERS = "workflow-workers";

    /// How long the server waits for an ack before it delivers again. A worker reports three times in this period that
    /// it is alive.
    static final Duration ACK_WAIT = Duration.ofSeconds(30);

    /// Repeating a publish within this time stores nothing twice.
    static final Duration DEDUPE = Duration.ofMinutes(2);

    /// A request that could not be run for a day is of no use to its user.
    static final Duration MAX_AGE = Duration.ofHours(24);

    /// Runs in progress plus runs that end right now, over all workers.
    static final long MAX_ACK_PENDING = 100_000;

    /// Beyond this limit the stream refuses requests and the client's answer says `queued`: the run waits in the log.
    static final long MAX_REQUESTS = 1_000_000;

    /// Dead letters are for a person to read; the oldest are removed.
    static final long MAX_DEAD_LETTERS = 100_000;

    static final Duration KEEP_DEAD_LETTERS = Duration.ofDays(7);

    /// JetStream's answer when there is no such object.
    static final int NOT_FOUND = 404;

    /// JetStream's answers when it is off, for our account or for all (nats-server `server/errors.json`).
    private static final Set<Integer> NOT_ENABLED = Set.of(10_039, 10_076);

    /// JetStream's answers while a cluster has no leader.
    private static final Set<Integer> NO_LEADER = Set.of(10_008, 10_009);

    private Topology() {}

    /// Whether the failure of {@link #ensure} might be over soon: JetStream did not answer in time, or not yet.
    static boolean mayPass(Unavailable why) {
        return why.getCause() instanceof IOException
                || why.getCause() instanceof IllegalStateException
                || (why.getCause() instanceof JetStreamApiException refused
                        && NO_LEADER.contains(refused.getApiErrorCode()));
    }

    /// Creates missing streams; existing ones must have our settings. They are not changed: an operator who created a
    /// stream with three replicas, or with another age, did so on purpose.
    ///
    /// @return false when there is no JetStream for us
    /// @throws Unavailable when JetStream does not answer, or holds an object of the same name that does not fit
    static boolean ensure(Nats nats) {
        try {
            JetStreamManagement management = nats.connection().jetStreamManagement();
            stream(management, requests());
            stream(management, deadLetters());
            consumer(management);
            return true;
        } catch (JetStreamApiException e) {
            if (NOT_ENABLED.contains(e.getApiErrorCode())) {
                return false;
            }
            throw new Unavailable(
                    nats.url() + ": JetStream cannot be set up: " + e.getMessage(), e);
        } catch (IOException | IllegalStateException e) { // no answer, or closed
            if (nats.connected() && !announcesJetStream(nats)) {
                return false;
            }
            throw new Unavailable(
                    nats.url() + ": JetStream cannot be set up: " + e.getMessage(), e);
        }
    }

    private static boolean announcesJetStream(Nats nats) {
        ServerInfo server = nats.connection().getServerInfo();
        return server == null || server.isJetStreamAvailable();
    }

    private static StreamConfiguration requests() {
        return StreamConfiguration.builder()
                .name(REQUESTS)
                .description("workflow requests until they are done")
                .subjects(Subjects.EXECUTE_ALL)
                .retentionPolicy(RetentionPolicy.WorkQueue)
                .storageType(StorageType.File)
                .discardPolicy(DiscardPolicy.New)
                .maxMessages(MAX_REQUESTS)
                .maxAge(MAX_AGE)
                .duplicateWindow(DEDUPE)
                .build();
    }

    private static StreamConfiguration deadLetters() {
        return StreamConfiguration.builder()
                .name(DEAD_LETTERS)
                .description("requests that no worker can run, with the reason in their headers")
                .subjects(Subjects.DEAD_LETTER_ALL)
                .retentionPolicy(RetentionPolicy.Limits)
                .storageType(StorageType.File)
                .discardPolicy(DiscardPolicy.Old)
                .maxMessages(MAX_DEAD_LETTERS)
                .maxAge(KEEP_DEAD_LETTERS)
                .duplicateWindow(DEDUPE)
                .build();
    }

    private static void stream(JetStreamManagement management, StreamConfiguration wanted)
            throws IOException, JetStreamApiException {
        StreamConfiguration made = find(management, wanted).getConfiguration();
        Requirement stream = new Requirement("stream " + wanted.getName());
        stream.require("subjects", wanted.getSubjects(), made.getSubjects());
        stream.require("retention", wanted.getRetentionPolicy(), made.getRetentionPolicy());
        stream.require("storage", wanted.getStorageType(), made.getStorageType());
        stream.require("discard policy", wanted.getDiscardPolicy(), made.getDiscardPolicy());
        stream.require("max age", wanted.getMaxAge(), made.getMaxAge());
        stream.require("duplicate window", wanted.getDuplicateWindow(), made.getDuplicateWindow());
    }

    private static StreamInfo find(JetStreamManagement management, StreamConfiguration wanted)
            throws IOException, JetStreamApiException {
        try {
            return management.getStreamInfo(wanted.getName());
        } catch (JetStreamApiException e) {
            if (e.getErrorCode() != NOT_FOUND) {
                throw e;
            }
            return add(management, wanted);
        }
    }

    /// Of several processes that create the stream at the same time, the server can refuse all but one, because their
    /// subjects overlap with those of the new stream.
    private static StreamInfo add(JetStreamManagement management, StreamConfiguration wanted)
            throws IOException, JetStreamApiException {
        try {
            return management.addStream(wanted);
        } catch (JetStreamApiException refused) {
            if (!management.getStreamNames().contains(wanted.getName())) {
                throw refused;
            }
            return management.getStreamInfo(wanted.getName());
        }
    }

    private static void consumer(JetStreamManagement management)
            throws IOException, JetStreamApiException {
        ConsumerConfiguration wanted =
                ConsumerConfiguration.builder()
                        .durable(WORKERS)
                        .ackPolicy(AckPolicy.Explicit)
                        .ackWait(ACK_WAIT)
                        .maxDeliver(-1) // attempts are counted in the run records
                        .maxAckPending(MAX_ACK_PENDING)
                        .filterSubject(Subjects.EXECUTE_ALL)
                        .build();
        ConsumerConfiguration made = find(management, wanted).getConsumerConfiguration();
        Requirement consumer = new Requirement("consumer " + WORKERS + " of " + REQUESTS);
        consumer.require("ack policy", wanted.getAckPolicy(), made.getAckPolicy());
        consumer.require("ack wait", wanted.getAckWait(), made.getAckWait());
        consumer.require("max deliver", wanted.getMaxDeliver(), made.getMaxDeliver());
        consumer.require("max ack pending", wanted.getMaxAckPending(), made.getMaxAckPending());
        consumer.require("filter", Subjects.EXECUTE_ALL, String.valueOf(made.getFilterSubject()));
    }

    private static ConsumerInfo find(JetStreamManagement management, ConsumerConfiguration wanted)
            throws IOException, JetStreamApiException {
        try {
            return management.getConsumerInfo(REQUESTS, WORKERS);
        } catch (JetStreamApiException e) {
            if (e.getErrorCode() != NOT_FOUND) {
                throw e;
            }
            return management.addOrUpdateConsumer(REQUESTS, wanted);
        }
    }

    /// An object in JetStream that must have our settings.
    private record Requirement(String name) {

        void require(String setting, Object wanted, Object made) {
            if (!wanted.equals(made)) {
                throw new Unavailable(
                        "JetStream's %s has %s %s instead of %s; change it with the nats tool, or remove it and it is created again"
                                .formatted(name, setting, made, wanted),
                        null);
            }
        }
    }
}
