package dev.antiphon.backplane.log;

import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.WorkerId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/// Finds runs without a worker. The worker that finds one publishes its request again. The claim then decides which
/// worker runs it, so a false alarm costs work, never correctness.
///
/// As {@link SessionLog}: nothing blocks, calls can be repeated, the simulation has a model of it.
public interface Recovery {

    /// Every worker whose runs might need attention: live workers, and those that died with runs.
    CompletionStage<Set<WorkerId>> workers();

    /// The runs of a worker whose lease has expired; empty while it is alive.
    CompletionStage<List<Orphan>> orphans(WorkerId worker);

    /// One message that has been unfinished for too long: it is next and no live worker runs it, or its user has not
    /// answered. A call postpones the message's next check (5 s, doubling to 5 min), so only one of many callers gets
    /// it. Messages that are being answered or wait behind another are not checked before 5 min.
    CompletionStage<Optional<Overdue>> sweep();

    /// The claims in a worker's name on sessions that it does not work on. A Redis that lost its last writes restores
    /// claims whose runs have long ended, and no other worker may take them while their worker is alive.
    ///
    /// @param isAt whether the worker works on this session; called on any thread
    CompletionStage<List<Stray>> strays(WorkerId worker, Predicate<SessionId> isAt);

    /// A claim that its own worker does not know.
    record Stray(SessionId session, MessageId message, Token token) {}

    /// A run whose worker is gone.
    ///
    /// @param attempts how many workers have begun it
    /// @param copy which copy of the request is to be published, from 1: the next one follows after {@link
    ///     dev.antiphon.backplane.Policy#COPY_AGAIN_AFTER}, and each pause is twice the previous one
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
