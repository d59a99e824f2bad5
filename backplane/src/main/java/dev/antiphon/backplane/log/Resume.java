package dev.antiphon.backplane.log;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.Set;

/// What resuming a parked run answered.
public sealed interface Resume {

    /// The run may be claimed again: publish its request. Told again to whoever repeats the call, until the next
    /// answer.
    ///
    /// @param entry says so in the log, to be rung to `pods`
    /// @param times how often its user has answered, from 1
    record Resumed(Entry entry, Set<PodId> pods, WorkflowRequest request, int times)
            implements Resume {
        public Resumed {
            pods = Set.copyOf(pods);
        }

        /// For the queue's duplicate check.
        public String occasion() {
            return "a" + times;
        }
    }

    /// There is no such message, or it is not the user's.
    record Unknown() implements Resume {}

    /// The run does not wait for its user, or not for an answer to that question.
    record NotWaiting() implements Resume {}
}
