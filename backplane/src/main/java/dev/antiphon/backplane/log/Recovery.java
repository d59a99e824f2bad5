package dev.antiphon.backplane.log;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/// Finds runs that nobody is at any more. Whoever finds one publishes its request again; the claim decides who runs it, so
/// acting on a false alarm costs work, never correctness.
///
/// As {@link SessionLog}: nothing blocks, calls may be repeated, the simulation has a model of it.
public interface Recovery {

    /// How long the first copy of an orphan's request has until a worker must have claimed it. The queue may give a copy
    /// to a worker that is stopped or cut off from Redis, where it would stay until the queue's ack wait is over.
    Duration COPY_AGAIN_AFTER = Duration.ofSeconds(2);

    /// Every worker whose runs may need someone: those that live, and those that died with runs.
    CompletionStage<Set<WorkerId>> workers();

    /// The runs of a worker whose lease is gone; empty while it lives.
    CompletionStage<List<Orphan>> orphans(WorkerId worker);

    /// One message that is unfinished for too long: it is its turn and no live worker is at it, or its user has not
    /// answered. Asking puts its next look off (5 s, doubling to 5 min), so that of many who ask one gets it.
    /// Messages that are at work or wait behind another are not visited before 5 min.
    CompletionStage<Optional<Overdue>> sweep();

    /// The claims that stand in a worker's name on sessions that it is not at. A Redis that lost its tail brings back
    /// claims whose runs have long ended, and as long as their worker lives nobody else may touch them.
    ///
    /// @param isAt whether the worker is at this session; asked on any thread
    CompletionStage<List<Stray>> strays(WorkerId worker, Predicate<SessionId> isAt);

    /// A claim that its own worker knows nothing of.
    record Stray(SessionId session, MessageId message, Token token) {}

    /// A run whose worker is gone.
    ///
    /// @param attempts how many workers have begun it
    /// @param copy which copy of the request is to be published, from 1: the next one follows after
    ///     {@link #COPY_AGAIN_AFTER}, and each pause is twice the one before
    record Orphan(WorkflowRequest request, int attempts, int copy) {

        /// For the queue's duplicate check: several survivors find the same orphan.
        public String occasion() {
            return "r" + attempts + "." + copy;
        }
    }

    /// A message that should have been answered by now.
    ///
    /// @param times how often it was found, from 1; 0 when it is parked: cancel it then
    record Overdue(WorkflowRequest request, int times) {

        public boolean isParked() {
            return times == 0;
        }

        public String occasion() {
            return "s" + times;
        }
    }
}
