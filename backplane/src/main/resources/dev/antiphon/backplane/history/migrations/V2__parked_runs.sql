-- Runs that wait for their users: people answer after days, and a Redis that is lost meanwhile must not cost them that.
-- Without a reference to chat_session, which has a row only when the first answer has ended.

CREATE TABLE chat_parked (
    session_id text NOT NULL,
    message_id text NOT NULL,
    user_id text NOT NULL,
    -- When the run is cancelled.
    until timestamptz NOT NULL,
    -- JSON: all that the run needs to go on. Text, as chat_turn.turn is.
    run text NOT NULL,
    PRIMARY KEY (session_id, message_id)
);
CREATE INDEX chat_parked_by_age ON chat_parked (until);
