-- Link cards: what a page says of itself, fetched once for the whole community.

-- kind: derived
-- One row a URL: the id is made of the URL's hash, and its bucket is the id's. Rows that no post uses are swept, with
-- their picture.
CREATE TABLE cards (
    bucket smallint NOT NULL, id bigint NOT NULL,
    url text NOT NULL,                                 -- as posts have it
    state text NOT NULL DEFAULT 'wanted',              -- wanted | ready | empty | failed
    asked_ms bigint NOT NULL,                          -- when somebody last asked for it to be fetched
    page jsonb NOT NULL DEFAULT '{}',                  -- what is shown
    picture text NOT NULL DEFAULT '',                  -- a blob
    PRIMARY KEY (bucket, id)
);

-- kind: derived
-- In the card's bucket: who uses it.
CREATE TABLE card_posts (
    bucket smallint NOT NULL, card_id bigint NOT NULL, post_id bigint NOT NULL,
    author_id bigint NOT NULL, public boolean NOT NULL,
    PRIMARY KEY (bucket, card_id, post_id)
);
-- What is shared at the moment.
CREATE INDEX card_posts_newest ON card_posts (post_id) WHERE public;

-- kind: derived
-- In the post's bucket: what is shown with it.
CREATE TABLE post_cards (
    bucket smallint NOT NULL, post_id bigint NOT NULL, card_id bigint NOT NULL,
    PRIMARY KEY (bucket, post_id)
);
