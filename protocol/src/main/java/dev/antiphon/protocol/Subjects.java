package dev.antiphon.protocol;

/// The NATS subjects of PROTOCOL.md §1 and §3, and our own.
public final class Subjects {

    /// All workflow requests; the work-queue stream captures it.
    public static final String EXECUTE_ALL = "chat.workflow.execute.*";

    /// Requests that no worker can run. A header of each has the reason.
    public static final String DEAD_LETTER_ALL = "chat.deadletter.>";

    /// Tells workers to stop the model call of a cancelled message; core NATS only.
    public static final String CANCEL = "chat.workflow.cancel";

    /// Plain workers publish here the chunks of sessions without a connection. All sessions.
    public static final String BROADCAST_ALL = "chat.session.*.broadcast";

    /// Tells pods that a user's list of sessions has changed. All users.
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

    /// The subject for a session's request that cannot be run.
    public static String deadLetter(ErrorCode code, SessionId session) {
        return deadLetter(code) + "." + session;
    }

    /// The subject for a request that cannot be run and did not arrive on a session's subject.
    public static String deadLetter(ErrorCode code) {
        return "chat.deadletter." + code.wire();
    }

    /// All dead letters of a session.
    public static String deadLetters(SessionId session) {
        return "chat.deadletter.*." + session;
    }

    /// A pod receives the chunks of its sessions here: part of the contract, for plain pods and ours.
    public static String podResponse(PodId pod) {
        return "chat.pod." + pod + ".response";
    }

    /// Tells pods that this user's list of sessions has changed.
    public static String userSessions(UserId user) {
        return "chat.user." + user + ".sessions";
    }

    /// Our pods receive here the entries that are not chunks.
    public static String podEvent(PodId pod) {
        return "chat.pod." + pod + ".event";
    }

    /// Our pods receive here batches of entries of any kind.
    public static String podBatch(PodId pod) {
        return "chat.pod." + pod + ".batch";
    }
}
