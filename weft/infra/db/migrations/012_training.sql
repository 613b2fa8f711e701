-- expand: who agreed that the community's own model learns from their public posts.

SET LOCAL lock_timeout = '10s';

-- kind: owned
-- A row is a yes, to the words that `terms` numbers; taking it back deletes the row.
CREATE TABLE training_consents (
    bucket smallint NOT NULL, account_id bigint NOT NULL, terms smallint NOT NULL, since_ms bigint NOT NULL,
    PRIMARY KEY (bucket, account_id)
);
