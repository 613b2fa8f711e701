-- The app's own sign-in: a session is named like a token, by an id, so that its streams and its push target end with it.
ALTER TABLE sessions ADD COLUMN id bigint;
UPDATE sessions SET id = created_ms << 16 | bucket::bigint << 6 | (get_byte(hash, 0) & 63);
ALTER TABLE sessions ALTER COLUMN id SET NOT NULL;
CREATE UNIQUE INDEX sessions_id ON sessions (bucket, id);

-- An account's invitations, newest first.
CREATE INDEX invites_account ON invites (account_id, created_ms);
