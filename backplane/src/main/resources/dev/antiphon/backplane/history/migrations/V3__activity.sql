-- What happened in an answer besides its text: a JSON array as text, empty when nothing did. Apart from the turn, because a
-- model's context is made of turns and does not read it.

ALTER TABLE chat_turn ADD COLUMN activity text NOT NULL DEFAULT '';
