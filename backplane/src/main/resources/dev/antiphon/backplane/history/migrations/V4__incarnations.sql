-- What a session's resources outside are named by: a Redis that is lost must not cost their clean-up, or the conversation that a
-- service keeps. A parked run has it in its JSON, too, which is not read to look a session up.

ALTER TABLE chat_session ADD COLUMN incarnation text NOT NULL DEFAULT '';
ALTER TABLE chat_parked ADD COLUMN incarnation text NOT NULL DEFAULT '';
