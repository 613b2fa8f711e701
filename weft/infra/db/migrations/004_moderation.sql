-- expand: reports and the record of decisions, replies that a thread's author hid, posts that somebody wants less of.

SET LOCAL lock_timeout = '10s';

-- Hidden by the author of the thread or of the post it answers: apps fold it. In the bucket of the reply.
ALTER TABLE posts ADD COLUMN hidden boolean NOT NULL DEFAULT false;

-- ------------------------------------------------------------------------------------------------ moderation

-- kind: shared
-- What people reported to the staff. They are few, and the staff reads them as one queue.
CREATE TABLE reports (
    id bigint PRIMARY KEY,
    reporter_id bigint NOT NULL, account_id bigint NOT NULL,
    category text NOT NULL,                            -- spam | legal | violation | other
    comment text NOT NULL DEFAULT '',
    post_ids bigint[] NOT NULL DEFAULT '{}',
    rule_ids text[] NOT NULL DEFAULT '{}',
    forwarded boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'open',                -- open | resolved
    note text NOT NULL DEFAULT '',                     -- why it was resolved
    resolved_ms bigint
);
-- Whoever reports the same account again adds to what is still open.
CREATE UNIQUE INDEX reports_open_once ON reports (reporter_id, account_id) WHERE state = 'open';
CREATE INDEX reports_queue ON reports (state, id);

-- kind: shared
-- Every decision of the staff, one after the other, never changed: each entry's hash covers the one before it.
CREATE TABLE audit (
    number bigint PRIMARY KEY,
    at_ms bigint NOT NULL, actor_id bigint NOT NULL,
    action text NOT NULL, subject text NOT NULL, reason text NOT NULL,
    previous bytea NOT NULL, hash bytea NOT NULL
);

-- ------------------------------------------------------------------------------------------------ timelines

-- kind: owned
-- Posts of which their reader wants fewer; author and tags as they were then.
CREATE TABLE disinterests (
    bucket smallint NOT NULL, account_id bigint NOT NULL, post_id bigint NOT NULL, id bigint NOT NULL,
    author_id bigint NOT NULL, tags text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (bucket, account_id, post_id)
);
CREATE INDEX disinterests_by_id ON disinterests (bucket, account_id, id);
