package dev.antiphon.backplane.queue;

import dev.antiphon.protocol.ErrorCode;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkflowRequest;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/// The work queue of requests, in JetStream where NATS has it. A delivery means "this session has work"; the log
/// decides which message is run.
///
/// An interface because the simulation drives the worker over a model of it.
public interface RequestQueue {

    /// Stores a request. Repeating it within two minutes stores nothing twice. Does not block; the stage fails with
    /// {@link dev.antiphon.backplane.Unavailable} when NATS does not confirm within two seconds. Without JetStream the
    /// call only rings a worker.
    CompletionStage<Void> publish(WorkflowRequest request);

    /// Stores a request again, because no worker has it. Repeating it for the same occasion stores nothing twice. The
    /// request is marked as {@link StoredRequest#republished}: its message might be gone when it is delivered.
    ///
    /// @param occasion the reason, short and the same in every process that notices it
    CompletionStage<Void> publishAgain(WorkflowRequest request, String occasion);

    /// How many requests wait for a worker. Blocks.
    ///
    /// @throws dev.antiphon.backplane.Unavailable when NATS does not answer
    long waiting();

    /// Removes requests that are done but still stored: a server that was killed forgets some acks of a work queue, and
    /// would keep those requests until they are too old. Blocks.
    ///
    /// @return how many were removed
    /// @throws dev.antiphon.backplane.Unavailable when NATS does not answer
    long purgeDone();

    /// Asks for deliveries and hands over each as it arrives; returns when `most` have arrived or `wait` is over.
    /// Blocks; call from the one thread that pulls.
    ///
    /// @param most 1 or more: never more than the caller has room for
    /// @throws dev.antiphon.backplane.Unavailable when no queue can be asked right now: pause, then ask again
    /// @throws InterruptedException when the thread is interrupted; deliveries on their way go back to the queue
    void pull(int most, Duration wait, Consumer<Delivery> each) throws InterruptedException;

    /// Stops pulling: deliveries on their way to this process, and those that it was to retry, go to other workers.
    /// Blocks for at most about a second; call from the one thread that pulls. The next pull begins again.
    void stopPulling();

    /// The requests on the same subject that were stored before this one and are not settled yet, oldest first. Blocks.
    ///
    /// @param most at most this many are returned
    /// @throws dev.antiphon.backplane.Unavailable when NATS does not answer
    List<StoredRequest> before(StoredRequest request, int most);

    /// Whether a request is still stored: neither acknowledged nor withdrawn. A request whose stream has lost its disk
    /// counts as stored, because it was not withdrawn. Without JetStream a plain publisher's request counts as stored,
    /// because nothing else has it. Blocks.
    ///
    /// @throws dev.antiphon.backplane.Unavailable when NATS does not answer
    boolean isStored(StoredRequest request);

    /// Withdraws all requests of a session and removes its dead letters. Blocks.
    ///
    /// @throws dev.antiphon.backplane.Unavailable when NATS does not answer; some might have been withdrawn
    void forget(SessionId session);

    /// Keeps a request that no worker can run, with the reason, for a person to read. Blocks until it is stored. A
    /// request of the maximum size is cut.
    ///
    /// @throws dev.antiphon.backplane.Unavailable when it could not be stored: then do not settle its delivery
    void deadLetter(StoredRequest request, ErrorCode code, String reason);
}
