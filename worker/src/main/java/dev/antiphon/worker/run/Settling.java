package dev.antiphon.worker.run;

import dev.antiphon.backplane.history.History;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.worker.run.Counters.Count;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts what has ended into the history, also what was ended from outside.
final class Settling {

    private static final Logger LOG = LoggerFactory.getLogger(Settling.class);

    private final History history;
    private final Asking asking;
    private final Counters counters;

    Settling(History history, Asking asking, Counters counters) {
        this.history = history;
        this.asking = asking;
        this.counters = counters;
    }

    /// Brings a session's history up to its last ended message.
    void settle(SessionId session) throws InterruptedException {
        try {
            asking.until(() -> history.settle(session));
        } catch (IllegalStateException e) {
            // A log that cannot be read must not keep the session's next messages from their
            // answers.
            counters.add(Count.HISTORY_INCOMPLETE);
            LOG.atError().addKeyValue("session", session).setCause(e).log("history is incomplete");
        }
    }
}
