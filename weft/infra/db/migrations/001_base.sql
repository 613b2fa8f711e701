-- expand: the first schema.
-- Every owned, mirrored and directory table begins its key with the owner's bucket (docs/architecture.md, "Buckets").
-- Times are milliseconds since 1970 in columns that end in _ms.

SET LOCAL lock_timeout = '10s';

-- ------------------------------------------------------------------------------------------------ infra

-- kind: owned
CREATE TABLE outbox (
    bucket smallint NOT NULL, id bigint NOT NULL,
    kind text NOT NULL, payload bytea NOT NULL,
    attempts smallint NOT NULL DEFAULT 0, due_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, id)
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 1000000);

-- kind: owned
CREATE TABLE dead_letters (
    bucket smallint NOT NULL, id bigint NOT NULL,
    kind text NOT NULL, payload bytea NOT NULL,
    handler text NOT NULL, error text NOT NULL, died_ms bigint NOT NULL,
    PRIMARY KEY (bucket, id, handler)
);

-- kind: owned
CREATE TABLE effects (
    bucket smallint NOT NULL, outbox_id bigint NOT NULL, handler text NOT NULL,
    PRIMARY KEY (bucket, outbox_id, handler)
);

-- kind: owned
CREATE TABLE errands (
    bucket smallint NOT NULL, id bigint NOT NULL,
    kind text NOT NULL, payload bytea NOT NULL,
    attempts smallint NOT NULL DEFAULT 0, due_ms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, id)
);

-- kind: owned
CREATE TABLE idempotency (
    bucket smallint NOT NULL, account_id bigint NOT NULL, key text NOT NULL,
    result_id bigint NOT NULL, created_ms bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, key)
);

-- kind: shared
-- Small values of the whole server: keys it made for itself, the owner link, switches of jobs.
CREATE TABLE server_values (name text PRIMARY KEY, value text NOT NULL);

-- ------------------------------------------------------------------------------------------------ accounts

-- kind: owned
CREATE TABLE accounts (
    bucket smallint NOT NULL, id bigint NOT NULL,
    username text NOT NULL,
    host text NOT NULL DEFAULT '',                     -- '' for a local account
    kind text NOT NULL DEFAULT 'person',               -- person | brand | bot
    state text NOT NULL DEFAULT 'active',              -- active | limited | suspended | deleted
    display_name text NOT NULL DEFAULT '',
    bio text NOT NULL DEFAULT '',
    fields jsonb NOT NULL DEFAULT '[]',                -- [{"name", "value", "verified_ms"}]
    avatar text NOT NULL DEFAULT '', avatar_static text NOT NULL DEFAULT '', avatar_description text NOT NULL DEFAULT '',
    header text NOT NULL DEFAULT '', header_static text NOT NULL DEFAULT '', header_description text NOT NULL DEFAULT '',
    locked boolean NOT NULL DEFAULT false,
    discoverable boolean NOT NULL DEFAULT true,
    indexable boolean NOT NULL DEFAULT true,
    hide_collections boolean NOT NULL DEFAULT false,
    attribution_domains text[] NOT NULL DEFAULT '{}',
    role text NOT NULL DEFAULT 'member',               -- owner | admin | moderator | member | advertiser
    created_ms bigint NOT NULL,
    version integer NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, id)
);
-- Who is told of new accounts: a handful among all buckets.
CREATE INDEX accounts_staff ON accounts (bucket, id) WHERE role IN ('owner', 'admin', 'moderator');

-- kind: owned
-- Narrow, because every post updates it: the counters of an account and the id its next post must exceed.
CREATE TABLE account_counts (
    bucket smallint NOT NULL, account_id bigint NOT NULL, slot smallint NOT NULL DEFAULT 0,
    posts integer NOT NULL DEFAULT 0, followers integer NOT NULL DEFAULT 0, following integer NOT NULL DEFAULT 0,
    last_post_id bigint NOT NULL DEFAULT 0,
    blockings integer NOT NULL DEFAULT 0,              -- how often the account blocked or was blocked: a follow checks that none came between
    PRIMARY KEY (bucket, account_id, slot)
) WITH (fillfactor = 50);

-- kind: owned
CREATE TABLE users (
    bucket smallint NOT NULL, account_id bigint NOT NULL,
    email text NOT NULL DEFAULT '',
    password_hash text,                                -- NULL: signs in with an account elsewhere only
    state text NOT NULL DEFAULT 'active',              -- active | unconfirmed | pending | disabled
    confirmed_ms bigint,
    locale text NOT NULL DEFAULT 'en',
    sign_up_reason text NOT NULL DEFAULT '',
    invited_by bigint,
    by_command boolean NOT NULL DEFAULT false,         -- made by the command line: no new-account limits
    post_visibility smallint NOT NULL DEFAULT 0,
    post_sensitive boolean NOT NULL DEFAULT false,
    post_language text NOT NULL DEFAULT '',
    quote_policy text NOT NULL DEFAULT 'public',
    notification_policy jsonb NOT NULL DEFAULT '{}',
    created_ms bigint NOT NULL,
    seen_day integer NOT NULL DEFAULT 0,               -- days since 1970, for the count of active users
    PRIMARY KEY (bucket, account_id)
);

-- kind: directory
CREATE TABLE directory (
    bucket smallint NOT NULL,                          -- of hash(kind || ':' || name)
    kind text NOT NULL,                                -- handle | email | oidc | media-hash | reserved
    name text NOT NULL,
    target_id bigint NOT NULL,
    state text NOT NULL DEFAULT 'taken',               -- reserved | taken | retired
    until_ms bigint,                                   -- when a reservation ends
    PRIMARY KEY (bucket, kind, name)
);

-- kind: owned
-- Links sent by mail: confirm an address, set a new password.
CREATE TABLE mail_tokens (
    bucket smallint NOT NULL, hash bytea NOT NULL,
    account_id bigint NOT NULL, kind text NOT NULL, email text NOT NULL DEFAULT '',
    expires_ms bigint NOT NULL,
    PRIMARY KEY (bucket, hash)
);

-- kind: owned
CREATE TABLE sessions (
    bucket smallint NOT NULL, hash bytea NOT NULL,
    account_id bigint NOT NULL, created_ms bigint NOT NULL, used_ms bigint NOT NULL,
    user_agent text NOT NULL DEFAULT '',
    PRIMARY KEY (bucket, hash)
);
CREATE INDEX sessions_account ON sessions (bucket, account_id);

-- kind: directory
CREATE TABLE apps (
    bucket smallint NOT NULL,                          -- of hash(client_id); the id carries it too
    id bigint NOT NULL,
    client_id text NOT NULL, secret_hash bytea NOT NULL,
    name text NOT NULL, website text NOT NULL DEFAULT '',
    redirect_uris text[] NOT NULL, scopes text[] NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (bucket, id),
    UNIQUE (bucket, client_id)
);

-- kind: directory
CREATE TABLE oauth_codes (
    bucket smallint NOT NULL, hash bytea NOT NULL,     -- bucket of the app
    app_id bigint NOT NULL, account_id bigint NOT NULL,
    redirect_uri text NOT NULL, scopes text[] NOT NULL,
    challenge text NOT NULL DEFAULT '', expires_ms bigint NOT NULL,
    PRIMARY KEY (bucket, hash)
);

-- kind: owned
CREATE TABLE tokens (
    bucket smallint NOT NULL, id bigint NOT NULL,      -- of the account; of the app for a token without a user
    hash bytea NOT NULL,
    account_id bigint, app_id bigint NOT NULL,
    app_name text NOT NULL DEFAULT '', app_website text NOT NULL DEFAULT '',
    scopes text[] NOT NULL,
    created_ms bigint NOT NULL, used_day integer NOT NULL,
    PRIMARY KEY (bucket, id),
    UNIQUE (bucket, hash)
);
CREATE INDEX tokens_account ON tokens (bucket, account_id);

-- kind: shared
CREATE TABLE invites (
    code text PRIMARY KEY, account_id bigint NOT NULL,
    uses integer NOT NULL DEFAULT 0, max_uses integer, expires_ms bigint, created_ms bigint NOT NULL
);

-- kind: owned
CREATE TABLE account_notes (
    bucket smallint NOT NULL, account_id bigint NOT NULL, target_id bigint NOT NULL, comment text NOT NULL,
    PRIMARY KEY (bucket, account_id, target_id)
);

-- kind: owned
CREATE TABLE endorsements (
    bucket smallint NOT NULL, account_id bigint NOT NULL, target_id bigint NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, target_id)
);

-- kind: owned
CREATE TABLE markers (
    bucket smallint NOT NULL, account_id bigint NOT NULL, timeline text NOT NULL,
    last_read_id bigint NOT NULL, version integer NOT NULL, updated_ms bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, timeline)
);

-- ------------------------------------------------------------------------------------------------ relationships

-- kind: mirrored
CREATE TABLE following (
    bucket smallint NOT NULL, account_id bigint NOT NULL, target_id bigint NOT NULL, id bigint NOT NULL,
    reposts boolean NOT NULL DEFAULT true, notify boolean NOT NULL DEFAULT false, languages text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (bucket, account_id, target_id)
);
CREATE INDEX following_by_id ON following (bucket, account_id, id);

-- kind: mirrored
CREATE TABLE followers (
    bucket smallint NOT NULL, account_id bigint NOT NULL, follower_id bigint NOT NULL, id bigint NOT NULL,
    notify boolean NOT NULL DEFAULT false,
    PRIMARY KEY (bucket, account_id, follower_id)
);
CREATE INDEX followers_by_id ON followers (bucket, account_id, id);
CREATE INDEX followers_to_notify ON followers (bucket, account_id) WHERE notify;

-- kind: mirrored
-- In the bucket of the one who is asked.
CREATE TABLE follow_requests (
    bucket smallint NOT NULL, account_id bigint NOT NULL, requester_id bigint NOT NULL, id bigint NOT NULL,
    reposts boolean NOT NULL DEFAULT true, notify boolean NOT NULL DEFAULT false, languages text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (bucket, account_id, requester_id)
);
CREATE INDEX follow_requests_by_id ON follow_requests (bucket, account_id, id);

-- kind: mirrored
-- In the bucket of the one who asks.
CREATE TABLE requested (
    bucket smallint NOT NULL, account_id bigint NOT NULL, target_id bigint NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, target_id)
);

-- kind: mirrored
CREATE TABLE blocks (
    bucket smallint NOT NULL, account_id bigint NOT NULL, target_id bigint NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, target_id)
);
CREATE INDEX blocks_by_id ON blocks (bucket, account_id, id);

-- kind: mirrored
CREATE TABLE blocked_by (
    bucket smallint NOT NULL, account_id bigint NOT NULL, blocker_id bigint NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, blocker_id)
);

-- kind: owned
CREATE TABLE mutes (
    bucket smallint NOT NULL, account_id bigint NOT NULL, target_id bigint NOT NULL, id bigint NOT NULL,
    notifications boolean NOT NULL DEFAULT true, until_ms bigint,
    PRIMARY KEY (bucket, account_id, target_id)
);
CREATE INDEX mutes_by_id ON mutes (bucket, account_id, id);
CREATE INDEX mutes_ending ON mutes (bucket, until_ms) WHERE until_ms IS NOT NULL;

-- kind: owned
CREATE TABLE host_blocks (
    bucket smallint NOT NULL, account_id bigint NOT NULL, host text NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, host)
);

-- ------------------------------------------------------------------------------------------------ media

-- kind: owned
CREATE TABLE media (
    bucket smallint NOT NULL, id bigint NOT NULL,
    account_id bigint NOT NULL, post_id bigint,        -- NULL while unattached
    state text NOT NULL,                               -- processing | ready | failed
    kind text NOT NULL DEFAULT 'unknown',              -- image | gifv | video | audio | unknown
    description text, focus_x double precision, focus_y double precision,
    meta jsonb NOT NULL DEFAULT '{}', blurhash text,
    created_ms bigint NOT NULL, detached_ms bigint,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX media_unattached ON media (bucket, created_ms) WHERE post_id IS NULL;

-- kind: owned
CREATE TABLE media_files (
    bucket smallint NOT NULL, media_id bigint NOT NULL, size text NOT NULL,   -- original | small | static
    name text NOT NULL, bytes bigint NOT NULL,
    PRIMARY KEY (bucket, media_id, size)
);

-- ------------------------------------------------------------------------------------------------ posts

-- kind: owned
-- A repost is a row of its own (repost_of). Mentions, tags and media lie in the row: they are written once and read with it.
CREATE TABLE posts (
    bucket smallint NOT NULL, id bigint NOT NULL,
    author_id bigint NOT NULL,
    text text NOT NULL, summary text NOT NULL DEFAULT '',
    visibility smallint NOT NULL,                      -- 0 public | 1 unlisted | 2 followers | 3 direct
    language text NOT NULL DEFAULT '',
    sensitive boolean NOT NULL DEFAULT false,
    reply_to bigint, reply_to_account bigint, root_id bigint,
    repost_of bigint, repost_author bigint,
    quote_of bigint, quote_state text NOT NULL DEFAULT '',
    mentions bigint[] NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',                 -- as written
    media_ids bigint[] NOT NULL DEFAULT '{}',
    has_poll boolean NOT NULL DEFAULT false,
    reply_policy text NOT NULL DEFAULT 'everyone',     -- everyone | following | mentioned
    quote_policy text NOT NULL DEFAULT 'public',       -- public | followers | nobody
    app_name text NOT NULL DEFAULT '', app_website text NOT NULL DEFAULT '',
    state smallint NOT NULL DEFAULT 0,                 -- 0 live | 1 deleted
    version smallint NOT NULL DEFAULT 0, edited_ms bigint,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX posts_author ON posts (bucket, author_id, id);

-- kind: owned
CREATE TABLE post_versions (
    bucket smallint NOT NULL, post_id bigint NOT NULL, version smallint NOT NULL,
    text text NOT NULL, summary text NOT NULL, sensitive boolean NOT NULL, language text NOT NULL DEFAULT '',
    media_ids bigint[] NOT NULL DEFAULT '{}', media_descriptions text[] NOT NULL DEFAULT '{}',
    poll_options text[] NOT NULL DEFAULT '{}', made_ms bigint NOT NULL,
    PRIMARY KEY (bucket, post_id, version)
);

-- kind: owned
CREATE TABLE post_counts (
    bucket smallint NOT NULL, post_id bigint NOT NULL, slot smallint NOT NULL DEFAULT 0,
    replies integer NOT NULL DEFAULT 0, reposts integer NOT NULL DEFAULT 0,
    likes integer NOT NULL DEFAULT 0, quotes integer NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, post_id, slot)
) WITH (fillfactor = 70);

-- kind: owned
-- In the bucket of the root: a whole thread is one read. The root itself is not in it.
CREATE TABLE thread_posts (
    bucket smallint NOT NULL, root_id bigint NOT NULL, post_id bigint NOT NULL,
    parent_id bigint NOT NULL, author_id bigint NOT NULL,
    PRIMARY KEY (bucket, root_id, post_id)
);

-- kind: directory
-- bucket = post_id & 15: sixteen lanes, so that no single index end takes all inserts.
CREATE TABLE public_posts (
    bucket smallint NOT NULL, post_id bigint NOT NULL, author_id bigint NOT NULL, flags smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, post_id)
);

-- kind: directory
CREATE TABLE tag_posts (
    bucket smallint NOT NULL, tag text NOT NULL, post_id bigint NOT NULL,
    author_id bigint NOT NULL, flags smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, tag, post_id)
);

-- kind: directory
CREATE TABLE tag_days (
    bucket smallint NOT NULL, tag text NOT NULL, day integer NOT NULL, account_id bigint NOT NULL, uses integer NOT NULL,
    PRIMARY KEY (bucket, tag, day, account_id)
);

-- kind: mirrored
CREATE TABLE likes (
    bucket smallint NOT NULL, post_id bigint NOT NULL, account_id bigint NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, post_id, account_id)
);

-- kind: mirrored
CREATE TABLE my_likes (
    bucket smallint NOT NULL, account_id bigint NOT NULL, post_id bigint NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, post_id)
);
CREATE INDEX my_likes_by_id ON my_likes (bucket, account_id, id);

-- kind: mirrored
CREATE TABLE reposts (
    bucket smallint NOT NULL, post_id bigint NOT NULL, account_id bigint NOT NULL, repost_id bigint NOT NULL,
    PRIMARY KEY (bucket, post_id, account_id)
);

-- kind: mirrored
CREATE TABLE my_reposts (
    bucket smallint NOT NULL, account_id bigint NOT NULL, post_id bigint NOT NULL, repost_id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, post_id)
);

-- kind: mirrored
CREATE TABLE quotes (
    bucket smallint NOT NULL, quoted_id bigint NOT NULL, post_id bigint NOT NULL, account_id bigint NOT NULL,
    PRIMARY KEY (bucket, quoted_id, post_id)
);

-- kind: owned
CREATE TABLE bookmarks (
    bucket smallint NOT NULL, account_id bigint NOT NULL, post_id bigint NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, post_id)
);
CREATE INDEX bookmarks_by_id ON bookmarks (bucket, account_id, id);

-- kind: owned
CREATE TABLE pins (
    bucket smallint NOT NULL, account_id bigint NOT NULL, post_id bigint NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, post_id)
);

-- kind: owned
CREATE TABLE thread_mutes (
    bucket smallint NOT NULL, account_id bigint NOT NULL, root_id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, root_id)
);

-- kind: owned
CREATE TABLE polls (
    bucket smallint NOT NULL, post_id bigint NOT NULL,
    options text[] NOT NULL, counts integer[] NOT NULL, voters integer NOT NULL DEFAULT 0,
    multiple boolean NOT NULL, hide_totals boolean NOT NULL, expires_ms bigint, ended boolean NOT NULL DEFAULT false,
    PRIMARY KEY (bucket, post_id)
);
CREATE INDEX polls_running ON polls (bucket, expires_ms) WHERE NOT ended;

-- kind: mirrored
CREATE TABLE poll_votes (
    bucket smallint NOT NULL, post_id bigint NOT NULL, account_id bigint NOT NULL, choice smallint NOT NULL,
    PRIMARY KEY (bucket, post_id, account_id, choice)
);

-- kind: mirrored
CREATE TABLE my_votes (
    bucket smallint NOT NULL, account_id bigint NOT NULL, post_id bigint NOT NULL, choices smallint[] NOT NULL,
    id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, post_id)
);

-- kind: owned
CREATE TABLE scheduled_posts (
    bucket smallint NOT NULL, id bigint NOT NULL, account_id bigint NOT NULL,
    due_ms bigint NOT NULL, draft jsonb NOT NULL,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX scheduled_posts_account ON scheduled_posts (bucket, account_id, id);
CREATE INDEX scheduled_posts_due ON scheduled_posts (bucket, due_ms);

-- ------------------------------------------------------------------------------------------------ timelines

-- kind: owned
CREATE TABLE lists (
    bucket smallint NOT NULL, id bigint NOT NULL, account_id bigint NOT NULL,
    title text NOT NULL, replies_policy text NOT NULL DEFAULT 'list', exclusive boolean NOT NULL DEFAULT false,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX lists_account ON lists (bucket, account_id, id);

-- kind: owned
CREATE TABLE list_accounts (
    bucket smallint NOT NULL, list_id bigint NOT NULL, account_id bigint NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, list_id, account_id)
);

-- kind: owned
CREATE TABLE followed_tags (
    bucket smallint NOT NULL, account_id bigint NOT NULL, tag text NOT NULL, name text NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, tag)
);

-- kind: owned
CREATE TABLE featured_tags (
    bucket smallint NOT NULL, account_id bigint NOT NULL, tag text NOT NULL, name text NOT NULL, id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, tag)
);

-- kind: owned
CREATE TABLE suggestion_dismissals (
    bucket smallint NOT NULL, account_id bigint NOT NULL, target_id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, target_id)
);

-- kind: owned
CREATE TABLE filters (
    bucket smallint NOT NULL, id bigint NOT NULL, account_id bigint NOT NULL,
    title text NOT NULL, contexts text[] NOT NULL, action text NOT NULL DEFAULT 'warn', expires_ms bigint,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX filters_account ON filters (bucket, account_id, id);

-- kind: owned
CREATE TABLE filter_keywords (
    bucket smallint NOT NULL, id bigint NOT NULL, filter_id bigint NOT NULL, account_id bigint NOT NULL,
    keyword text NOT NULL, whole_word boolean NOT NULL,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX filter_keywords_account ON filter_keywords (bucket, account_id, filter_id);

-- kind: owned
CREATE TABLE filter_statuses (
    bucket smallint NOT NULL, id bigint NOT NULL, filter_id bigint NOT NULL, account_id bigint NOT NULL, post_id bigint NOT NULL,
    PRIMARY KEY (bucket, id),
    UNIQUE (bucket, filter_id, post_id)
);
CREATE INDEX filter_statuses_account ON filter_statuses (bucket, account_id, filter_id);

-- kind: owned
-- Each member has a copy of the index; the messages are direct posts. conversation_id is the id of the first post.
CREATE TABLE conversation_members (
    bucket smallint NOT NULL, account_id bigint NOT NULL, conversation_id bigint NOT NULL,
    last_post_id bigint NOT NULL, participants bigint[] NOT NULL, unread boolean NOT NULL DEFAULT false,
    PRIMARY KEY (bucket, account_id, conversation_id)
);
CREATE INDEX conversation_members_by_post ON conversation_members (bucket, account_id, last_post_id);

-- kind: owned
CREATE TABLE conversation_posts (
    bucket smallint NOT NULL, account_id bigint NOT NULL, post_id bigint NOT NULL, conversation_id bigint NOT NULL,
    author_id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, post_id)
);
CREATE INDEX conversation_posts_newest ON conversation_posts (bucket, account_id, conversation_id, post_id);

-- ------------------------------------------------------------------------------------------------ notifications

-- kind: owned
CREATE TABLE notifications (
    bucket smallint NOT NULL, account_id bigint NOT NULL, id bigint NOT NULL,
    kind text NOT NULL, from_id bigint NOT NULL, post_id bigint,
    group_key text NOT NULL DEFAULT '', filtered boolean NOT NULL DEFAULT false,
    PRIMARY KEY (bucket, account_id, id)
);
-- A repeated event of the same kind, from the same account, about the same post is one notification.
-- The post comes first: what tells of one post is found, counted and removed together.
CREATE UNIQUE INDEX notifications_once ON notifications (bucket, account_id, coalesce(post_id, 0), kind, from_id);
CREATE INDEX notifications_filtered ON notifications (bucket, account_id, from_id, id) WHERE filtered;

-- kind: owned
-- Accounts whose filtered notifications the owner accepted or dismissed.
CREATE TABLE notification_permissions (
    bucket smallint NOT NULL, account_id bigint NOT NULL, from_id bigint NOT NULL, allowed boolean NOT NULL,
    PRIMARY KEY (bucket, account_id, from_id)
);

-- kind: owned
CREATE TABLE push_targets (
    bucket smallint NOT NULL, account_id bigint NOT NULL, token_id bigint NOT NULL, id bigint NOT NULL,
    endpoint text NOT NULL, key text NOT NULL, auth text NOT NULL, standard boolean NOT NULL DEFAULT false,
    alerts jsonb NOT NULL DEFAULT '{}', policy text NOT NULL DEFAULT 'all',
    PRIMARY KEY (bucket, account_id, token_id)
);

-- ------------------------------------------------------------------------------------------------ search

-- kind: derived
CREATE TABLE search_posts (
    bucket smallint NOT NULL, post_id bigint NOT NULL, author_id bigint NOT NULL, terms text[] NOT NULL,
    PRIMARY KEY (bucket, post_id)
);
CREATE INDEX search_posts_terms ON search_posts USING gin (terms) WITH (fastupdate = on, gin_pending_list_limit = 4096);
-- For common words: the newest posts are read one after the other.
CREATE INDEX search_posts_newest ON search_posts (post_id);

-- kind: derived
CREATE TABLE search_accounts (
    bucket smallint NOT NULL, account_id bigint NOT NULL, terms text[] NOT NULL,
    PRIMARY KEY (bucket, account_id)
);
CREATE INDEX search_accounts_terms ON search_accounts USING gin (terms);

-- kind: derived
CREATE TABLE search_tags (
    bucket smallint NOT NULL, tag text NOT NULL, name text NOT NULL, last_post_id bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, tag)
);
-- For whoever types a tag without its marks: thuvien finds thưviện. No function of our own: a restore takes none.
CREATE INDEX search_tags_prefix ON search_tags
    (translate(normalize(regexp_replace(normalize(tag, NFD), '[\u0300-\u036f]', '', 'g'), NFC), 'đ', 'd') text_pattern_ops);

-- ------------------------------------------------------------------------------------------------ community

-- kind: shared
CREATE TABLE emojis (
    shortcode text PRIMARY KEY, name text NOT NULL, static_name text NOT NULL, category text NOT NULL DEFAULT '',
    visible boolean NOT NULL DEFAULT true
);

-- kind: shared
CREATE TABLE rules (id integer PRIMARY KEY, text text NOT NULL, hint text NOT NULL DEFAULT '');

-- kind: shared
CREATE TABLE announcements (
    id bigint PRIMARY KEY, text text NOT NULL, starts_ms bigint, ends_ms bigint, all_day boolean NOT NULL DEFAULT false,
    published_ms bigint NOT NULL, updated_ms bigint NOT NULL
);

-- kind: owned
CREATE TABLE announcement_dismissals (
    bucket smallint NOT NULL, account_id bigint NOT NULL, announcement_id bigint NOT NULL,
    PRIMARY KEY (bucket, account_id, announcement_id)
);

-- kind: owned
CREATE TABLE announcement_reactions (
    bucket smallint NOT NULL, account_id bigint NOT NULL, announcement_id bigint NOT NULL, name text NOT NULL,
    PRIMARY KEY (bucket, account_id, announcement_id, name)
);
