-- Notes: one line of at most 60 characters that an account shows to some of its followers for a day.

-- kind: owned
-- One per account: a new one takes the place of the old one. Rows whose time is over are swept, and never shown before.
CREATE TABLE notes (
    bucket smallint NOT NULL, account_id bigint NOT NULL, id bigint NOT NULL,
    text text NOT NULL, audience text NOT NULL,        -- followers | mutuals
    expires_ms bigint NOT NULL,
    PRIMARY KEY (bucket, account_id)
);
CREATE INDEX notes_by_id ON notes (bucket, id);
