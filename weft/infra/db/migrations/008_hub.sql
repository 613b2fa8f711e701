-- expand: the hub: models that the operator publishes, their files, who asked for them, what was counted.

SET LOCAL lock_timeout = '10s';

-- kind: shared
-- Few, and read whole. The id's bucket is where the model's requests and counts lie.
CREATE TABLE hub_models (
    id bigint PRIMARY KEY,
    name text NOT NULL UNIQUE,
    title text NOT NULL, card text NOT NULL DEFAULT '',
    licence text NOT NULL, licence_text text NOT NULL DEFAULT '',
    base text NOT NULL DEFAULT '',
    languages text[] NOT NULL DEFAULT '{}', tags text[] NOT NULL DEFAULT '{}',
    evaluations text NOT NULL DEFAULT '[]',            -- JSON: [{"task", "metric", "value", "note"}]
    approval text NOT NULL DEFAULT 'manual',           -- automatic | manual
    state text NOT NULL DEFAULT 'shown',               -- shown | hidden
    updated_ms bigint NOT NULL
);

-- kind: shared
-- The file of a hash lies in the data folder once, however many models name it.
CREATE TABLE hub_files (
    model_id bigint NOT NULL, name text NOT NULL,
    sha256 text NOT NULL, bytes bigint NOT NULL,
    facts text NOT NULL,                               -- JSON, from the file's own header
    PRIMARY KEY (model_id, name)
);
CREATE INDEX hub_files_hash ON hub_files (sha256);

-- kind: owned
-- In the bucket of their model. Who holds the secret may read, use and delete the request; only its hash is kept.
CREATE TABLE hub_requests (
    bucket smallint NOT NULL, id bigint NOT NULL, model_id bigint NOT NULL,
    secret bytea NOT NULL,
    state text NOT NULL,                               -- waiting | approved | rejected
    name text NOT NULL, purpose text NOT NULL, country text NOT NULL, email text NOT NULL DEFAULT '',
    licence text NOT NULL,                             -- SHA-256 of the licence that was accepted
    reason text NOT NULL DEFAULT '',
    decided_by bigint NOT NULL DEFAULT 0,              -- 0: nobody; automatic, or not yet
    decided_ms bigint NOT NULL DEFAULT 0,
    ends_ms bigint NOT NULL,                           -- from then on it is good for nothing
    PRIMARY KEY (bucket, id)
);
CREATE INDEX hub_requests_queue ON hub_requests (bucket, model_id, state, id);
CREATE INDEX hub_requests_ended ON hub_requests (bucket, ends_ms);

-- kind: owned
-- Counts by day, in the model's bucket, spread over slots so that many at once do not wait for each other.
CREATE TABLE hub_days (
    bucket smallint NOT NULL, model_id bigint NOT NULL, day integer NOT NULL, slot smallint NOT NULL,
    requests integer NOT NULL DEFAULT 0, approved integer NOT NULL DEFAULT 0, rejected integer NOT NULL DEFAULT 0,
    begun integer NOT NULL DEFAULT 0, completed integer NOT NULL DEFAULT 0, bytes bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, model_id, day, slot)
);
