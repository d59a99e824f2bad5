package dev.antiphon.backplane;

import dev.antiphon.protocol.InvalidInput;
import dev.antiphon.protocol.PodId;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/// Reads the members of a session's connection set, `{pod}:{connection}` (PROTOCOL.md §2).
public final class Members {

    private static final Logger LOG = LoggerFactory.getLogger(Members.class);

    private Members() {}

    /// The distinct pods. Other programs write this set too: a member of another form, or with a pod that cannot be
    /// part of a subject, is skipped.
    public static Set<PodId> pods(Collection<?> members) {
        Set<PodId> pods = new HashSet<>();
        for (Object member : members) {
            String text = Redis.text(member);
            int colon = text.lastIndexOf(':');
            try {
                pods.add(new PodId(text.substring(0, Math.max(colon, 0))));
            } catch (InvalidInput e) {
                LOG.atDebug()
                        .addKeyValue("reason", e.getMessage())
                        .log("ignored a malformed connection member");
            }
        }
        return pods;
    }
}
