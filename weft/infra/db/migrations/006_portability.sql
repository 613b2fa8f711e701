-- expand: exports and imports. Captions of media need no table: they are files of their attachment.

SET LOCAL lock_timeout = '10s';

-- kind: owned
-- Full archives. The file lies in the data folder, named by chance; held_ms is until when a worker says it is at it.
CREATE TABLE exports (
    bucket smallint NOT NULL, id bigint NOT NULL, account_id bigint NOT NULL,
    state text NOT NULL DEFAULT 'building',            -- building | ready | failed
    name text NOT NULL DEFAULT '', bytes bigint NOT NULL DEFAULT 0,
    tries smallint NOT NULL DEFAULT 0, held_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX exports_account ON exports (bucket, account_id, id);

-- kind: owned
CREATE TABLE imports (
    bucket smallint NOT NULL, id bigint NOT NULL, account_id bigint NOT NULL,
    kind text NOT NULL,                                -- following | blocks | mutes | lists | bookmarks | domain_blocks
    overwrite boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'waiting',             -- waiting | running | finished | failed
    total integer NOT NULL, done integer NOT NULL DEFAULT 0, failed integer NOT NULL DEFAULT 0,
    tries smallint NOT NULL DEFAULT 0, held_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX imports_account ON imports (bucket, account_id, id);

-- kind: owned
-- The lines of an import, numbered from 1. Those up to imports.done were looked at.
CREATE TABLE import_rows (
    bucket smallint NOT NULL, import_id bigint NOT NULL, number integer NOT NULL,
    subject text NOT NULL, title text NOT NULL DEFAULT '',
    reposts boolean NOT NULL DEFAULT true, notify boolean NOT NULL DEFAULT false,
    languages text NOT NULL DEFAULT '', notifications boolean NOT NULL DEFAULT true,
    target_id bigint NOT NULL DEFAULT 0, fault text NOT NULL DEFAULT '',
    PRIMARY KEY (bucket, import_id, number)
);
