package dev.antiphon.worker.run;

import dev.antiphon.backplane.history.History;
import dev.antiphon.protocol.SessionId;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts what has ended into the history, also what was ended from outside.
final class Settling {

    private static final Logger LOG = LoggerFactory.getLogger(Settling.class);

    private final History history;
    private final Asking asking;

    Settling(History history, Asking asking) {
        this.history = history;
        this.asking = asking;
    }

    /// Brings a session's history up to its last ended message.
    void settle(SessionId session) throws InterruptedException {
        try {
            asking.until(() -> history.settle(session));
        } catch (IllegalStateException e) {
            // A log that cannot be read must not keep the session's next messages from their
            // answers.
            LOG.atError().addKeyValue("session", session).setCause(e).log("history is incomplete");
        }
    }
}
