-- expand: what moderators decided a report was worth, and the judge of posts that learns from it.

SET LOCAL lock_timeout = '10s';

-- Whether the report was right: upheld | unfounded, or empty where nobody said.
ALTER TABLE reports ADD COLUMN outcome text NOT NULL DEFAULT '';
CREATE INDEX reports_posts ON reports USING gin (post_ids);

-- kind: shared
-- What the judge learnt, a row for each kind of post that it may suggest to the moderators. It suggests only where it
-- serves, and only for vectors of the model that it learnt with.
CREATE TABLE assistant_judges (
    kind text PRIMARY KEY,                             -- spam | abuse
    model text NOT NULL,
    lesson text NOT NULL,                              -- hash of all decisions that it learnt from, and how
    serves boolean NOT NULL, why text NOT NULL,        -- why not: few | wrong | misses
    decided integer NOT NULL, harmless integer NOT NULL,
    shown integer NOT NULL, correct integer NOT NULL,  -- of the decisions that it had not seen
    weights bytea NOT NULL, level double precision NOT NULL,
    at_ms bigint NOT NULL
);

-- kind: derived
-- In the post's bucket: public posts that the judge has yet to look at, and those of the last day as it saw them, to
-- find the same again. A row goes with its post.
CREATE TABLE assistant_judged (
    bucket smallint NOT NULL, post_id bigint NOT NULL, author_id bigint NOT NULL,
    seen boolean NOT NULL DEFAULT false,
    suggested boolean NOT NULL DEFAULT false,
    is_new boolean NOT NULL DEFAULT false,             -- its author is new here
    mark bytea NOT NULL DEFAULT '',                    -- hash of its words; empty where they are few
    vector bytea NOT NULL DEFAULT '',                  -- of its meaning, as signed bytes; empty where no model read it
    PRIMARY KEY (bucket, post_id)
);
CREATE INDEX assistant_judged_newest ON assistant_judged (post_id) WHERE seen;
CREATE INDEX assistant_judged_waiting ON assistant_judged (post_id) WHERE NOT seen;
CREATE INDEX assistant_judged_author ON assistant_judged (bucket, author_id);
