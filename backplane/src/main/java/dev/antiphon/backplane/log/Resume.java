package dev.antiphon.backplane.log;

import dev.antiphon.backplane.SessionPods;
import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.WorkflowRequest;

import java.util.List;

/// The answer to resuming a parked run.
public sealed interface Resume {

    /// The run can be claimed again: publish its request. A caller that repeats the call before the next answer gets
    /// the same answer.
    ///
    /// @param entry the log entry about it
    /// @param times how often its user has answered, from 1
    record Resumed(Entry entry, SessionPods pods, WorkflowRequest request, int times)
            implements Resume, Committed {
        @Override
        public List<Entry> entries() {
            return List.of(entry);
        }

        /// For the queue's duplicate check.
        public String occasion() {
            return "a" + times;
        }
    }

    /// There is no such message, or it belongs to another user.
    record Unknown() implements Resume {}

    /// The run does not wait for its user, or it does not wait for an answer to that question.
    record NotWaiting() implements Resume {}
}
