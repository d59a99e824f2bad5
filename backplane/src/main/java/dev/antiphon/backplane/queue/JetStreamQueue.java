package dev.antiphon.backplane.queue;

import dev.antiphon.backplane.Nats;
import dev.antiphon.backplane.Unavailable;
import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.Subjects;
import dev.antiphon.protocol.WorkflowRequest;

import io.nats.client.ConsumerContext;
import io.nats.client.FetchConsumeOptions;
import io.nats.client.FetchConsumer;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusCheckedException;
import io.nats.client.Message;
import io.nats.client.PublishOptions;
import io.nats.client.PurgeOptions;
import io.nats.client.api.MessageInfo;
import io.nats.client.impl.Headers;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The request queue in JetStream.
public final class JetStreamQueue implements RequestQueue {

    private static final Duration CONFIRM_WITHIN = Duration.ofSeconds(2);

    /// Headers of a dead letter.
    static final String REASON = "Antiphon-Reason";

    static final String SUBJECT = "Antiphon-Subject";
    static final String SEQUENCE = "Antiphon-Sequence";

    private final Nats nats;
    private final JetStream jetStream;
    private final ConsumerContext workers;

    private JetStreamQueue(Nats nats, JetStream jetStream, ConsumerContext workers) {
        this.nats = nats;
        this.jetStream = jetStream;
        this.workers = workers;
    }

    /// Makes sure that the streams exist, now and whenever NATS comes back (a server that lost its disk has none).
    ///
    /// @throws Unavailable when JetStream cannot be used
    public static JetStreamQueue open(Nats nats) {
        Topology.ensure(nats);
        nats.onReconnect(() -> Thread.startVirtualThread(() -> Topology.ensure(nats)));
        try {
            JetStream jetStream = nats.connection().jetStream();
            return new JetStreamQueue(
                    nats,
                    jetStream,
                    jetStream.getConsumerContext(Topology.REQUESTS, Topology.WORKERS));
        } catch (IOException | JetStreamApiException e) {
            throw new Unavailable(
                    nats.url() + ": the queue cannot be opened: " + e.getMessage(), e);
        }
    }

    @Override
    public CompletionStage<Void> publish(WorkflowRequest request) {
        return publish(request, request.sessionId() + "." + request.messageId());
    }

    @Override
    public CompletionStage<Void> publishAgain(WorkflowRequest request, String occasion) {
        return publish(request, request.sessionId() + "." + request.messageId() + ":" + occasion);
    }

    private CompletionStage<Void> publish(WorkflowRequest request, String duplicateCheck) {
        PublishOptions once = PublishOptions.builder().messageId(duplicateCheck).build();
        return publish(
                Subjects.execute(request.sessionId()), new Headers(), request.encode(), once);
    }

    @Override
    public long waiting() {
        try {
            return workers.getConsumerInfo().getNumPending();
        } catch (IOException | JetStreamApiException e) {
            throw new Unavailable(nats.url() + " does not tell what waits: " + e.getMessage(), e);
        }
    }

    @Override
    public long purgeDone() {
        try {
            long acked = workers.getConsumerInfo().getAckFloor().getStreamSequence();
            // What is at or below the floor was acked, so nobody needs it.
            PurgeOptions done = PurgeOptions.builder().sequence(acked + 1).build();
            return nats.connection()
                    .jetStreamManagement()
                    .purgeStream(Topology.REQUESTS, done)
                    .getPurged();
        } catch (IOException | JetStreamApiException e) {
            throw new Unavailable(nats.url() + " does not purge: " + e.getMessage(), e);
        }
    }

    private CompletionStage<Void> publish(
            String subject, Headers headers, byte[] data, PublishOptions options) {
        if (!nats.connected()) {
            return CompletableFuture.failedStage(new Unavailable(nats.url() + " is away", null));
        }
        try {
            return jetStream
                    .publishAsync(subject, headers, data, options)
                    .orTimeout(CONFIRM_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
                    .handle((_, failure) -> {
                        if (failure != null) {
                            throw new Unavailable(
                                    nats.url() + " did not store a request: " + failure, failure);
                        }
                        return done();
                    });
        } catch (IllegalStateException e) { // closed, or away since the check above
            return CompletableFuture.failedStage(new Unavailable(nats.url() + " is away", e));
        }
    }

    @Override
    public void pull(int most, Duration wait, Consumer<Delivery> each) throws InterruptedException {
        FetchConsumeOptions options =
                FetchConsumeOptions.builder().maxMessages(most).expiresIn(wait.toMillis()).build();
        try {
            FetchConsumer fetch = workers.fetch(options);
            try {
                for (Message next = fetch.nextMessage(); next != null; next = fetch.nextMessage()) {
                    each.accept(JetStreamDelivery.of(next));
                }
            } finally {
                close(fetch);
            }
        } catch (IOException | JetStreamApiException | JetStreamStatusCheckedException e) {
            throw new Unavailable(nats.url() + " delivers nothing: " + e.getMessage(), e);
        }
    }

    /// Ends the pull at the server too. With stop() alone it stays open there, and what a stopping worker gives back is
    /// delivered to itself and lost until the ack wait is over.
    private static void close(FetchConsumer fetch) throws InterruptedException {
        try {
            fetch.close();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) { // declared by AutoCloseable only
            throw new IllegalStateException("a pull does not close", e);
        }
    }

    @Override
    public List<StoredRequest> before(StoredRequest request, int most) {
        List<StoredRequest> before = new ArrayList<>();
        long from = 1;
        try {
            while (before.size() < most) {
                MessageInfo next =
                        nats.connection()
                                .jetStreamManagement()
                                .getNextMessage(Topology.REQUESTS, from, request.subject());
                if (next.getSeq() >= request.sequence()) {
                    break;
                }
                byte[] data = next.getData();
                before.add(
                        new StoredRequest(
                                request.subject(),
                                data == null ? new byte[0] : data,
                                next.getSeq(),
                                next.getTime().toInstant()));
                from = next.getSeq() + 1;
            }
        } catch (JetStreamApiException e) {
            if (e.getErrorCode() != Topology.NOT_FOUND) { // not even the request itself is left
                throw new Unavailable(nats.url() + " does not show requests: " + e.getMessage(), e);
            }
        } catch (IOException e) {
            throw new Unavailable(nats.url() + " does not show requests: " + e.getMessage(), e);
        }
        return before;
    }

    @Override
    public void deadLetter(StoredRequest request, ErrorCode code, String reason) {
        Headers headers =
                new Headers()
                        .put(SUBJECT, request.subject())
                        .put(REASON, printable(reason))
                        .put(SEQUENCE, Long.toString(request.sequence()));
        PublishOptions once =
                PublishOptions.builder().messageId("dead." + request.sequence()).build();
        publish(Subjects.deadLetter(code), headers, request.data(), once)
                .toCompletableFuture()
                .join();
    }

    /// Headers carry printable ASCII only.
    private static String printable(String text) {
        return text.replaceAll("[^\\x20-\\x7e]", "?");
    }

    /// The one value of `Void`.
    @SuppressWarnings("NullAway") // a stage of Void has no other value
    private static Void done() {
        return null;
    }
}
