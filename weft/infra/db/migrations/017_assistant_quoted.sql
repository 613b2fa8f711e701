-- expand: which posts the assistant's replies are made of.

SET LOCAL lock_timeout = '10s';

-- kind: derived
-- In the bucket of the quoted post and its author: a reply goes when a post that it quotes does, or does not hold the
-- quotes any more. No quotes: a model's sentences rest on the post, in this very version.
CREATE TABLE assistant_quoted (
    bucket smallint NOT NULL, post_id bigint NOT NULL, reply_id bigint NOT NULL,
    author_id bigint NOT NULL, version smallint NOT NULL, quotes text[] NOT NULL,
    asker_id bigint NOT NULL,
    everybody boolean NOT NULL,                        -- the reply is for everybody, and not for its asker alone
    PRIMARY KEY (bucket, post_id, reply_id)
);
CREATE INDEX assistant_quoted_author ON assistant_quoted (bucket, author_id);
CREATE INDEX assistant_quoted_reply ON assistant_quoted (reply_id);
