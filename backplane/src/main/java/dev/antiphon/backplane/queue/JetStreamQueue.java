package dev.antiphon.backplane.queue;

import dev.antiphon.backplane.Nats;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.WorkflowRequest;

import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.PublishOptions;
import io.nats.client.PurgeOptions;
import io.nats.client.api.ConsumerInfo;
import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Requests in JetStream. Its streams must exist; {@link NatsQueue} creates them.
final class JetStreamQueue implements RequestQueue {

    private static final Duration CONFIRM_WITHIN = Duration.ofSeconds(2);

    /// Header of a request that is published again; its value is the occasion. A worker does not accept a message from
    /// such a request.
    static final String REPUBLISHED = "Antiphon-Republished";

    private final Nats nats;
    private final Puller puller;

    JetStreamQueue(Nats nats) {
        this.nats = nats;
        this.puller = new Puller(nats);
    }

    @Override
    public CompletionStage<Void> publish(WorkflowRequest request) {
        return publish(request, request.sessionId() + "." + request.messageId(), new Headers());
    }

    @Override
    public CompletionStage<Void> publishAgain(WorkflowRequest request, String occasion) {
        String duplicateCheck = request.sessionId() + "." + request.messageId() + ":" + occasion;
        return publish(request, duplicateCheck, new Headers().put(REPUBLISHED, occasion));
    }

    static boolean isRepublished(@Nullable Headers headers) {
        return headers != null && headers.containsKey(REPUBLISHED);
    }

    private CompletionStage<Void> publish(
            WorkflowRequest request, String duplicateCheck, Headers headers) {
        PublishOptions once = PublishOptions.builder().messageId(duplicateCheck).build();
        return publish(Subjects.execute(request.sessionId()), headers, request.encode(), once);
    }

    @Override
    public long waiting() {
        try {
            return consumer().getNumPending();
        } catch (IOException | JetStreamApiException e) {
            throw new Unavailable(nats.url() + " did not report its backlog: " + e.getMessage(), e);
        }
    }

    /// As {@link NatsQueue#backlog}.
    Backlog backlog() {
        try {
            ConsumerInfo consumer = consumer();
            return new Backlog(
                    management().getStreamInfo(Topology.REQUESTS).getStreamState().getMsgCount(),
                    consumer.getNumPending(),
                    consumer.getNumPending() == 0 ? Duration.ZERO : oldest(consumer),
                    consumer.getNumAckPending(),
                    consumer.getRedelivered());
        } catch (IOException | JetStreamApiException e) {
            throw new Unavailable(nats.url() + " did not report its backlog: " + e.getMessage(), e);
        }
    }

    private Duration oldest(ConsumerInfo consumer) throws IOException, JetStreamApiException {
        try {
            MessageInfo oldest =
                    management()
                            .getNextMessage(
                                    Topology.REQUESTS,
                                    consumer.getDelivered().getStreamSequence() + 1,
                                    Subjects.EXECUTE_ALL);
            Duration age = Duration.between(oldest.getTime().toInstant(), Instant.now());
            return age.isNegative() ? Duration.ZERO : age;
        } catch (JetStreamApiException e) {
            if (e.getErrorCode() == Topology.NOT_FOUND) {
                return Duration.ZERO; // taken since
            }
            throw e;
        }
    }

    @Override
    public long purgeDone() {
        try {
            long acked = consumer().getAckFloor().getStreamSequence();
            // Requests at or below the floor are acknowledged, so they are not needed any more.
            PurgeOptions done = PurgeOptions.builder().sequence(acked + 1).build();
            return management().purgeStream(Topology.REQUESTS, done).getPurged();
        } catch (IOException | JetStreamApiException e) {
            throw new Unavailable(nats.url() + " failed to purge requests: " + e.getMessage(), e);
        }
    }

    private ConsumerInfo consumer() throws IOException, JetStreamApiException {
        return management().getConsumerInfo(Topology.REQUESTS, Topology.WORKERS);
    }

    /// Fails at once, where the client would wait for its timeout.
    private JetStreamManagement management() throws IOException {
        if (!nats.connected()) {
            throw new Unavailable(nats.url() + " is unavailable", null);
        }
        return nats.connection().jetStreamManagement();
    }

    private CompletionStage<Void> publish(
            String subject, Headers headers, byte[] data, PublishOptions options) {
        if (!nats.connected()) {
            return CompletableFuture.failedStage(
                    new Unavailable(nats.url() + " is unavailable", null));
        }
        try {
            return nats.connection()
                    .jetStream()
                    .publishAsync(subject, headers, data, options)
                    .orTimeout(CONFIRM_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
                    .handle((_, failure) -> {
                        if (failure != null) {
                            throw new Unavailable(
                                    nats.url() + " failed to store a request: " + root(failure),
                                    failure);
                        }
                        return done();
                    });
        } catch (IllegalStateException | IOException e) { // closed, or lost since the check above
            return CompletableFuture.failedStage(
                    new Unavailable(nats.url() + " is unavailable", e));
        }
    }

    private static Throwable root(Throwable failure) {
        return failure.getCause() == null ? failure : root(failure.getCause());
    }

    @Override
    public void pull(int most, Duration wait, Consumer<Delivery> each) throws InterruptedException {
        try {
            if (!puller.pull(most, wait, each)) {
                var _ = Topology.ensure(nats);
            }
        } catch (Unavailable e) {
            if (nats.connected()) {
                var _ = Topology.ensure(nats); // somebody might have removed the consumer or stream
            }
            throw e;
        }
    }

    @Override
    public void stopPulling() {
        puller.giveBack();
    }

    @Override
    public List<StoredRequest> before(StoredRequest request, int most) {
        List<StoredRequest> before = new ArrayList<>();
        try {
            JetStreamManagement management = management();
            long from = 1;
            while (before.size() < most) {
                MessageInfo next =
                        management.getNextMessage(Topology.REQUESTS, from, request.subject());
                if (next.getSeq() >= request.sequence()) {
                    break;
                }
                before.add(stored(request.subject(), next));
                from = next.getSeq() + 1;
            }
        } catch (JetStreamApiException e) {
            if (e.getErrorCode() != Topology.NOT_FOUND) { // not even the request itself is left
                throw new Unavailable(
                        nats.url() + " failed to read requests: " + e.getMessage(), e);
            }
        } catch (IOException e) {
            throw new Unavailable(nats.url() + " failed to read requests: " + e.getMessage(), e);
        }
        return before;
    }

    @Override
    public boolean isStored(StoredRequest request) {
        try {
            var _ = management().getMessage(Topology.REQUESTS, request.sequence());
            return true;
        } catch (JetStreamApiException e) {
            if (e.getErrorCode() == Topology.NOT_FOUND) {
                return neverCameTo(request);
            }
            throw new Unavailable(nats.url() + " failed to read requests: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new Unavailable(nats.url() + " failed to read requests: " + e.getMessage(), e);
        }
    }

    /// A stream that has lost its disk counts from 1 again: a request with a number beyond its end was lost,
    /// not withdrawn.
    private boolean neverCameTo(StoredRequest request) {
        try {
            long last =
                    management()
                            .getStreamInfo(Topology.REQUESTS)
                            .getStreamState()
                            .getLastSequence();
            return last < request.sequence();
        } catch (IOException | JetStreamApiException e) {
            throw new Unavailable(nats.url() + " failed to read requests: " + e.getMessage(), e);
        }
    }

    @Override
    public void forget(SessionId session) {
        try {
            JetStreamManagement management = management();
            withdraw(management, Subjects.execute(session));
            PurgeOptions letters =
                    PurgeOptions.builder().subject(Subjects.deadLetters(session)).build();
            var _ = management.purgeStream(Topology.DEAD_LETTERS, letters);
        } catch (IOException | JetStreamApiException e) {
            throw new Unavailable(nats.url() + " failed to remove requests: " + e.getMessage(), e);
        }
    }

    /// One by one. A purge by subject would make the consumer skip requests of all sessions (measured with
    /// nats-server 2.9.10).
    private static void withdraw(JetStreamManagement management, String subject)
            throws IOException, JetStreamApiException {
        try {
            long from = 1;
            for (long i = 0; i < Topology.MAX_REQUESTS; i++) {
                MessageInfo next = management.getNextMessage(Topology.REQUESTS, from, subject);
                var _ = management.deleteMessage(Topology.REQUESTS, next.getSeq(), true);
                from = next.getSeq() + 1;
            }
        } catch (JetStreamApiException e) {
            if (e.getErrorCode() != Topology.NOT_FOUND) { // none is left, or just acknowledged
                throw e;
            }
        }
    }

    private static StoredRequest stored(String subject, MessageInfo message) {
        byte[] data = message.getData();
        return new StoredRequest(
                subject,
                data == null ? new byte[0] : data,
                message.getSeq(),
                message.getTime().toInstant(),
                isRepublished(message.getHeaders()));
    }

    @Override
    public void deadLetter(StoredRequest request, ErrorCode code, String reason) {
        DeadLetter letter = DeadLetter.of(request, code, reason, nats);
        // The data too, because requests that are gone from the stream have no number.
        String id = "dead." + request.sequence() + "." + UUID.nameUUIDFromBytes(request.data());
        PublishOptions once = PublishOptions.builder().messageId(id).build();
        try {
            publish(letter.subject(), letter.headers(), letter.data(), once)
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof Unavailable cause ? cause : e;
        }
    }

    /// The one value of `Void`.
    @SuppressWarnings("NullAway") // a stage of Void has no other value
    private static Void done() {
        return null;
    }
}
