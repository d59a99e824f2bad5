package dev.antiphon.backplane.doorbell;

import dev.antiphon.protocol.Entry;
import dev.antiphon.protocol.MessageId;
import dev.antiphon.protocol.PodId;
import dev.antiphon.protocol.SessionId;
import dev.antiphon.protocol.UserId;

import java.util.List;
import java.util.Set;

/// Tells pods about entries that are in the log. Best effort by design: rings can be lost, doubled or late. An
/// interface because the simulation drives the worker over a model of it.
public interface Doorbell {

    /// Rings each pod once for each entry, in order: chunks on the contract's subject, others on ours. Does not block.
    /// Rings that do not fit into the client's bounded buffer are dropped and counted.
    void ring(Set<PodId> pods, SessionId session, List<Entry> entries);

    /// Tells every worker that a message was cancelled, so that its model call stops at once. Does not block.
    void cancelled(SessionId session, MessageId message);

    /// Tells every pod that this session has changed in its user's list: it runs, waits for the user, has ended, was
    /// renamed or deleted. Called after the change; pods then read the state. Does not block.
    void changed(UserId user, SessionId session);
}
