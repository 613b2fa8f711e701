-- expand: answers of the assistant that somebody reported.

SET LOCAL lock_timeout = '10s';

-- What was said, as its reporter passed it on: a list of passages, the newest first. Empty again once it is decided.
ALTER TABLE reports ADD COLUMN chat jsonb NOT NULL DEFAULT '[]';
