package dev.antiphon.worker.run;

import dev.antiphon.backplane.Unavailable;
import dev.antiphon.backplane.history.History;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.worker.run.Counters.Count;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;

/// Puts what has ended into the history, also what was ended from outside.
final class Settling {

    private static final Logger LOG = LoggerFactory.getLogger(Settling.class);

    /// How long the session's next message waits for the store of the one before. Redis is most often back by then; a
    /// database that is away longer must not stop everyone's answers.
    private static final Duration WAIT = Duration.ofSeconds(5);

    private final History history;
    private final Asking asking;
    private final Counters counters;

    Settling(History history, Asking asking, Counters counters) {
        this.history = history;
        this.asking = asking;
        this.counters = counters;
    }

    /// Brings a session's history up to its last ended message.
    ///
    /// @return false when the store is away: the log keeps what is not settled, and it must be tried again
    boolean settle(SessionId session) throws InterruptedException {
        try {
            asking.within(WAIT, () -> history.settle(session));
        } catch (Unavailable e) {
            LOG.atWarn()
                    .addKeyValue("session", session)
                    .addKeyValue("reason", e.getMessage())
                    .log("not in the history yet, trying again later");
            return false;
        } catch (IllegalStateException e) {
            // A log that cannot be read must not keep
            // the session's next messages from their answers.
            counters.add(Count.HISTORY_INCOMPLETE);
            LOG.atError().addKeyValue("session", session).setCause(e).log("history is incomplete");
        }
        return true;
    }
}
