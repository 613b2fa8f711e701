-- expand: what people talk about with the assistant, and the summaries it keeps.

-- kind: owned
-- A conversation of one person with the assistant. No post: never federated, and read by nobody but its owner.
CREATE TABLE assistant_chats (
    bucket smallint NOT NULL, account_id bigint NOT NULL, id bigint NOT NULL,
    title text NOT NULL DEFAULT '',
    changed_ms bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, id)
);
CREATE INDEX assistant_chats_changed ON assistant_chats (bucket, changed_ms);

-- kind: owned
-- What was said in a chat, in the order of the ids. Of an answer the lines, each with the post and the version of it
-- that it is from: they are shown only as long as their reader may see that post and it is unchanged.
CREATE TABLE assistant_turns (
    bucket smallint NOT NULL, account_id bigint NOT NULL, chat_id bigint NOT NULL, id bigint NOT NULL,
    role text NOT NULL,                                -- person | assistant
    text text NOT NULL DEFAULT '',                     -- of the person
    lines text NOT NULL DEFAULT '[]',                  -- of the assistant, as JSON
    state text NOT NULL DEFAULT 'done',                -- done | stopped | failed
    model text NOT NULL DEFAULT '',                    -- that made any of the lines; empty for quotes
    about_post bigint NOT NULL DEFAULT 0,
    judged boolean,
    PRIMARY KEY (bucket, account_id, chat_id, id)
);

-- kind: derived
-- Summaries, made once for a version of what they are of, a model, a prompt's version and an audience. Each leaves with
-- any of its posts, and with any of its authors.
CREATE TABLE assistant_summaries (
    subject bigint NOT NULL, version bytea NOT NULL, model text NOT NULL, prompt smallint NOT NULL,
    audience text NOT NULL,                            -- everybody, or the id of the only reader
    post_ids bigint[] NOT NULL, author_ids bigint[] NOT NULL,
    lines text NOT NULL,                               -- as JSON
    made_ms bigint NOT NULL,
    PRIMARY KEY (subject, version, model, prompt, audience)
);
CREATE INDEX assistant_summaries_posts ON assistant_summaries USING gin (post_ids);
CREATE INDEX assistant_summaries_authors ON assistant_summaries USING gin (author_ids);
CREATE INDEX assistant_summaries_made ON assistant_summaries (made_ms);
