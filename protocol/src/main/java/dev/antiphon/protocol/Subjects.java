package dev.antiphon.protocol;

/// The NATS subjects of PROTOCOL.md §1 and §3, and ours.
public final class Subjects {

    /// All workflow requests; the work-queue stream captures it.
    public static final String EXECUTE_ALL = "chat.workflow.execute.*";

    /// Requests that no worker can run, each with its reason in a header.
    public static final String DEAD_LETTER_ALL = "chat.deadletter.>";

    /// Tells workers to stop the model call of a message that was cancelled; core NATS only.
    public static final String CANCEL = "chat.workflow.cancel";

    /// Where plain workers send chunks of a session without a connection, for all sessions.
    public static final String BROADCAST_ALL = "chat.session.*.broadcast";

    /// Where pods hear that something in a user's list of sessions has changed, for all users.
    public static final String USER_SESSIONS_ALL = "chat.user.*.sessions";

    private static final String EXECUTE_PREFIX = "chat.workflow.execute.";

    private Subjects() {}

    public static String execute(SessionId session) {
        return EXECUTE_PREFIX + session;
    }

    /// The session that a request's subject names.
    ///
    /// @throws InvalidInput when the last token is not a session id
    public static SessionId sessionOf(String executeSubject) {
        if (!executeSubject.startsWith(EXECUTE_PREFIX)) {
            throw new InvalidInput(
                    ErrorCode.INVALID_FIELD,
                    Ids.quote(executeSubject) + " is not a subject of requests");
        }
        return new SessionId(executeSubject.substring(EXECUTE_PREFIX.length()));
    }

    /// Where a request of a session goes that cannot be run.
    public static String deadLetter(ErrorCode code, SessionId session) {
        return deadLetter(code) + "." + session;
    }

    /// Where a request goes that cannot be run and came on no session's subject.
    public static String deadLetter(ErrorCode code) {
        return "chat.deadletter." + code.wire();
    }

    /// All dead letters of a session.
    public static String deadLetters(SessionId session) {
        return "chat.deadletter.*." + session;
    }

    /// Where a pod hears the chunks of its sessions: the contract, for plain pods and ours.
    public static String podResponse(PodId pod) {
        return "chat.pod." + pod + ".response";
    }

    /// Where pods hear that something in this user's list of sessions has changed.
    public static String userSessions(UserId user) {
        return "chat.user." + user + ".sessions";
    }

    /// Where our pods hear the entries that are not chunks.
    public static String podEvent(PodId pod) {
        return "chat.pod." + pod + ".event";
    }
}
