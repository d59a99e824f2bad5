package dev.antiphon.backplane;

import dev.antiphon.protocol.ConnectionId;
import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.PodId;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;

/// Reads the members of a session's connection set, `{pod}:{connection}` (PROTOCOL.md §2).
public final class Members {

    private static final Logger LOG = LoggerFactory.getLogger(Members.class);

    private Members() {}

    /// The distinct pods. Other programs write this set too: a member of another form, or with a pod that cannot be
    /// part of a subject, is skipped.
    public static SessionPods pods(Collection<?> members) {
        if (members.isEmpty()) {
            return SessionPods.NONE;
        }
        Set<PodId> batched = new LinkedHashSet<>();
        Set<PodId> single = new LinkedHashSet<>();
        for (Object member : members) {
            String text = Redis.text(member);
            int colon = text.lastIndexOf(':');
            try {
                PodId pod = new PodId(text.substring(0, Math.max(colon, 0)));
                boolean takes = ConnectionId.takesBatches(text.substring(colon + 1));
                (takes ? batched : single).add(pod);
            } catch (InvalidInput e) {
                LOG.atDebug()
                        .addKeyValue("reason", e.getMessage())
                        .log("ignored a malformed connection member");
            }
        }
        // A plain pod that uses the name of one of ours must hear, too.
        batched.removeAll(single);
        return new SessionPods(batched, single);
    }
}
