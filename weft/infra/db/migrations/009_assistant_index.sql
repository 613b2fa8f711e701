-- expand: what the assistant may find posts by, and who wants nothing to do with it.

-- kind: owned
-- Whose posts enter no index, no prompt and no training set.
CREATE TABLE assistant_opt_outs (
    bucket smallint NOT NULL, account_id bigint NOT NULL, since_ms bigint NOT NULL,
    PRIMARY KEY (bucket, account_id)
);

-- kind: derived
-- In the post's bucket. What a model makes of a post's text, as signed bytes: only public posts of people here who let
-- themselves be found. A row is of one version of the post, and only rows of one model can be compared.
CREATE TABLE post_embeddings (
    bucket smallint NOT NULL, post_id bigint NOT NULL, model text NOT NULL,
    author_id bigint NOT NULL, version smallint NOT NULL,
    vector bytea NOT NULL,
    PRIMARY KEY (bucket, post_id, model)
);
CREATE INDEX post_embeddings_newest ON post_embeddings (model, post_id);
CREATE INDEX post_embeddings_author ON post_embeddings (bucket, author_id);

-- kind: derived
-- In the post's bucket: posts that a model has yet to read.
CREATE TABLE post_embeddings_wanted (
    bucket smallint NOT NULL, post_id bigint NOT NULL,
    PRIMARY KEY (bucket, post_id)
);
CREATE INDEX post_embeddings_wanted_newest ON post_embeddings_wanted (post_id);
