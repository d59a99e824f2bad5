-- What was said. A turn's JSON is text and not jsonb: users may write U+0000, which JSON escapes and jsonb refuses.

CREATE TABLE chat_session (
    session_id text PRIMARY KEY,
    user_id text NOT NULL,
    title text NOT NULL,
    created timestamptz NOT NULL,
    -- When the last answer was stored; whole milliseconds, because pages of the list begin at one.
    updated timestamptz NOT NULL
);
CREATE INDEX chat_session_of_user ON chat_session (user_id, updated DESC, session_id DESC);
CREATE INDEX chat_session_by_age ON chat_session (updated);

CREATE TABLE chat_turn (
    session_id text NOT NULL REFERENCES chat_session ON DELETE CASCADE,
    message_id text NOT NULL,
    -- Counts up in the order of the session's log.
    place bigint NOT NULL,
    parent_id text,
    -- Code points of what was asked and answered: what a context window counts.
    characters integer NOT NULL,
    turn text NOT NULL,
    PRIMARY KEY (session_id, message_id),
    UNIQUE (session_id, place)
);
