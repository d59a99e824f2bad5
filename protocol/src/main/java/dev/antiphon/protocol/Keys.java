package dev.antiphon.protocol;

import java.util.List;

/// The Redis keys. docs/redis.md lists the contents of each key and of each of its fields. All keys of one session are
/// on one primary.
public final class Keys {

    /// Zset of accepted, unfinished `{sid}:{mid}` by deadline in milliseconds.
    public static final String OPEN = "chat:open";

    /// Zset of the sessions with an ended answer that the history lacks, by the millisecond of the next check.
    public static final String UNSETTLED = "chat:unsettled";

    /// Zset of the resources that services must still end or remove, by the millisecond at which each is due. Not a key
    /// of the session: it outlives messages and sessions on purpose.
    public static final String CLEANUPS = "chat:cleanups";

    /// Hash with the details of each of them.
    public static final String CLEANUP_DETAILS = "chat:cleanup:details";

    /// Set of the workers that are alive, or that died with runs.
    public static final String WORKERS = "chat:workers";

    /// Hash of the workers' offers: `{kind}:{name}` to the second at which the offer expires, a blank and its details.
    public static final String CATALOG = "chat:catalog";

    /// A script appends a session that only it knows. The same holds for the next three.
    public static final String META_PREFIX = "chat:meta:";

    public static final String HISTORY_PREFIX = "chat:history:";
    public static final String WAITING_PREFIX = "chat:wait:";
    public static final String RUN_PREFIX = "chat:run:";

    /// A script appends a worker id that only it knows.
    public static final String LEASE_PREFIX = "chat:worker:";

    /// As {@link #LEASE_PREFIX}.
    public static final String WORKING_PREFIX = "chat:working:";

    /// Set of our pods that are alive, or that died with connections.
    public static final String PODS = "chat:pods";

    /// A script appends a pod id that only it knows. The same holds for the next one.
    public static final String ALIVE_PREFIX = "pod:alive:";

    public static final String POD_CONNECTIONS_PREFIX = "pod:conns:";

    /// A script appends a session id that only it knows.
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

    /// Hash with all frequently changing fields of a session.
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

    /// A script appends a message id that only it knows.
    public static String runPrefix(SessionId session) {
        return RUN_PREFIX + session + ":";
    }

    /// Hash of one message's tool calls: which ones began, and their outcomes.
    public static String tools(SessionId session, MessageId message) {
        return toolsPrefix(session) + message;
    }

    /// A script appends a message id that only it knows.
    public static String toolsPrefix(SessionId session) {
        return "chat:tools:" + session + ":";
    }

    /// Zset of the session's messages that have a run, by the second at which the run expires.
    public static String runs(SessionId session) {
        return "chat:runs:" + session;
    }

    /// Zset of a user's sessions by the millisecond of their last ended answer.
    public static String sessions(UserId user) {
        return "chat:sessions:" + user;
    }

    /// Zset of a user's sessions that might have an unfinished message, by the millisecond at which the last message
    /// was sent. It is written before the message is accepted and tells readers where to look; the session's own keys
    /// are the truth.
    public static String active(UserId user) {
        return "chat:active:" + user;
    }

    /// Set of the messages of a session that was deleted lately. Erasing writes it, so it is not in {@link #ofSession}.
    public static String erased(SessionId session) {
        return "chat:erased:" + session;
    }

    /// All keys of a session that can be named without its messages. Every further key of a session belongs here or in
    /// {@link #ofMessage}: erasing a session removes these keys.
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

    /// The beginnings of the keys of a session's messages; each key ends with the message's id. As {@link #ofSession}.
    public static List<String> ofMessage(SessionId session) {
        return List.of(runPrefix(session), toolsPrefix(session));
    }

    /// Hash of a session's turns by message id. Its fields `:owner`, `:title` and `:created` are not ids.
    public static String history(SessionId session) {
        return HISTORY_PREFIX + session;
    }

    /// Hash of the events in a session's answers apart from their text, by message id.
    public static String activity(SessionId session) {
        return "chat:activity:" + session;
    }

    /// Zset of a session's message ids in the order of its history.
    public static String turns(SessionId session) {
        return "chat:turns:" + session;
    }

    /// String with an expiry: present while the worker is alive.
    public static String lease(WorkerId worker) {
        return LEASE_PREFIX + worker;
    }

    /// Set of the `{sid}:{mid}` that the worker runs.
    public static String working(WorkerId worker) {
        return WORKING_PREFIX + worker;
    }

    /// Set of the `{sid}:{connection}` that the pod has registered.
    public static String podConnections(PodId pod) {
        return POD_CONNECTIONS_PREFIX + pod;
    }

    /// String with an expiry: present while the pod is alive.
    public static String podAlive(PodId pod) {
        return ALIVE_PREFIX + pod;
    }
}
