package dev.antiphon.protocol;

import java.util.List;

/// The Redis keys; docs/redis.md lists what each of them and each of their fields holds. All keys of one session live on one
/// primary.
public final class Keys {

    /// Zset of accepted, unfinished `{sid}:{mid}` by deadline in milliseconds.
    public static final String OPEN = "chat:open";

    /// Zset of the sessions with an ended answer that is not in the history, by the millisecond of the next look at them.
    public static final String UNSETTLED = "chat:unsettled";

    /// Zset of what is still to be ended or removed at services, by the millisecond at which it is due. Not the session's:
    /// it outlives messages and sessions on purpose.
    public static final String CLEANUPS = "chat:cleanups";

    /// Hash of what each of them is.
    public static final String CLEANUP_DETAILS = "chat:cleanup:details";

    /// Set of the workers that live, or died with runs.
    public static final String WORKERS = "chat:workers";

    /// Hash of what workers offer: `{kind}:{name}` to the second at which it is too old, a blank and its details.
    public static final String CATALOG = "chat:catalog";

    /// What a script completes with a session that only it knows; so the next three.
    public static final String META_PREFIX = "chat:meta:";

    public static final String HISTORY_PREFIX = "chat:history:";
    public static final String WAITING_PREFIX = "chat:wait:";
    public static final String RUN_PREFIX = "chat:run:";

    /// What a script completes with a worker id that only it knows.
    public static final String LEASE_PREFIX = "chat:worker:";

    /// As {@link #LEASE_PREFIX}.
    public static final String WORKING_PREFIX = "chat:working:";

    /// Set of our pods that live, or died with connections.
    public static final String PODS = "chat:pods";

    /// What a script completes with a pod id that only it knows; so the next one.
    public static final String ALIVE_PREFIX = "pod:alive:";

    public static final String POD_CONNECTIONS_PREFIX = "pod:conns:";

    /// What a script completes with a session id that only it knows.
    public static final String CONNECTIONS_PREFIX = "session:connections:";

    private Keys() {}

    /// Set of `{pod}:{connection}` (PROTOCOL.md §2).
    public static String connections(SessionId session) {
        return CONNECTIONS_PREFIX + session;
    }

    /// Stream of entries, id `{number}-0`, fields `e` event, `d` data, `h` hash.
    public static String log(SessionId session) {
        return "chat:log:" + session;
    }

    /// Hash with everything of a session that changes often.
    public static String meta(SessionId session) {
        return META_PREFIX + session;
    }

    /// Zset of the session's unfinished messages by arrival number.
    public static String waiting(SessionId session) {
        return WAITING_PREFIX + session;
    }

    /// Hash with one message's request, status and attempts.
    public static String run(SessionId session, MessageId message) {
        return runPrefix(session) + message;
    }

    /// What a script completes with a message id that only it knows.
    public static String runPrefix(SessionId session) {
        return RUN_PREFIX + session + ":";
    }

    /// Hash of one message's tool calls: begun, and what came of them.
    public static String tools(SessionId session, MessageId message) {
        return toolsPrefix(session) + message;
    }

    /// What a script completes with a message id that only it knows.
    public static String toolsPrefix(SessionId session) {
        return "chat:tools:" + session + ":";
    }

    /// Zset of the session's messages that have a run, by the second at which it is forgotten.
    public static String runs(SessionId session) {
        return "chat:runs:" + session;
    }

    /// Zset of a user's sessions by the millisecond of their last ended answer.
    public static String sessions(UserId user) {
        return "chat:sessions:" + user;
    }

    /// Zset of a user's sessions that may have an unfinished message, by the millisecond at which one was sent last. It is
    /// written before the message is accepted and says where to look; the session's own keys say what is true.
    public static String active(UserId user) {
        return "chat:active:" + user;
    }

    /// All keys of a session that can be named without its messages. Whatever is kept of a session under a key of its own
    /// belongs here, or below {@link #ofMessage}: this is what erasing it removes.
    public static List<String> ofSession(SessionId session) {
        return List.of(
                log(session),
                waiting(session),
                connections(session),
                runs(session),
                history(session),
                turns(session),
                activity(session),
                meta(session));
    }

    /// What the keys of a session's messages begin with; each ends in the message's id. As {@link #ofSession}.
    public static List<String> ofMessage(SessionId session) {
        return List.of(runPrefix(session), toolsPrefix(session));
    }

    /// Hash of a session's turns by message id; and `:owner`, `:title` and `:created`, which are no ids.
    public static String history(SessionId session) {
        return HISTORY_PREFIX + session;
    }

    /// Hash of what happened in a session's answers besides their text, by message id.
    public static String activity(SessionId session) {
        return "chat:activity:" + session;
    }

    /// Zset of a session's message ids in the order of its history.
    public static String turns(SessionId session) {
        return "chat:turns:" + session;
    }

    /// String with an expiry: present while the worker lives.
    public static String lease(WorkerId worker) {
        return LEASE_PREFIX + worker;
    }

    /// Set of `{sid}:{mid}` that the worker runs.
    public static String working(WorkerId worker) {
        return WORKING_PREFIX + worker;
    }

    /// Set of `{sid}:{connection}` that the pod has registered.
    public static String podConnections(PodId pod) {
        return POD_CONNECTIONS_PREFIX + pod;
    }

    /// String with an expiry: present while the pod lives.
    public static String podAlive(PodId pod) {
        return ALIVE_PREFIX + pod;
    }
}
