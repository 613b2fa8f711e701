-- expand: the ledger. All of it lies in bucket 0: one set of books for the whole server.
-- Entries are appended and corrected by further entries, never changed: see docs/ledger.md.

SET LOCAL lock_timeout = '10s';

-- kind: owned
-- A price holds from from_ms until the next version's: so there is neither a gap nor an overlap.
CREATE TABLE prices (
    bucket smallint NOT NULL, meter text NOT NULL, version integer NOT NULL,
    from_ms bigint NOT NULL,
    per_unit bigint NOT NULL CHECK (per_unit >= 0),    -- in 1e-9 of the currency
    PRIMARY KEY (bucket, meter, version),
    UNIQUE (bucket, meter, from_ms)
);

-- kind: owned
-- What was used. batch: the run that put it into the books; 0 until then, and set once.
CREATE TABLE usage_events (
    bucket smallint NOT NULL, key text NOT NULL,
    at_ms bigint NOT NULL, meter text NOT NULL, quantity bigint NOT NULL CHECK (quantity >= 0),
    segment text NOT NULL, origin text NOT NULL, centre bigint NOT NULL,
    price_version integer NOT NULL,
    tokens bigint NOT NULL DEFAULT 0,                  -- what budgets in tokens were charged
    hold text NOT NULL DEFAULT '',
    details json,
    batch bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, key)
);
CREATE INDEX usage_events_batch ON usage_events (bucket, batch, at_ms);

-- kind: owned
CREATE TABLE entries (
    bucket smallint NOT NULL, number bigint NOT NULL, key text NOT NULL,
    at_ms bigint NOT NULL, kind text NOT NULL,         -- usage | manual | reversal
    segment text NOT NULL, origin text NOT NULL, centre bigint NOT NULL,
    meter text NOT NULL, quantity bigint NOT NULL, price_version integer NOT NULL, minute_ms bigint NOT NULL,
    facts bytea NOT NULL,                              -- SHA-256 of the usage events behind it
    reverses bigint NOT NULL, memo text NOT NULL,
    previous bytea NOT NULL, hash bytea NOT NULL,
    PRIMARY KEY (bucket, number),
    UNIQUE (bucket, key)
);

-- kind: owned
-- Amounts in 1e-6 of the currency; debits above zero, credits below.
CREATE TABLE entry_lines (
    bucket smallint NOT NULL, number bigint NOT NULL, n smallint NOT NULL,
    account text NOT NULL, amount bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (bucket, number, n)
);
CREATE INDEX entry_lines_account ON entry_lines (bucket, account, number);

-- kind: owned
-- Two sums per account that only grow; changed in the transaction of the entry.
CREATE TABLE balances (
    bucket smallint NOT NULL, account text NOT NULL,
    debits bigint NOT NULL CHECK (debits >= 0), credits bigint NOT NULL CHECK (credits >= 0),
    PRIMARY KEY (bucket, account)
) WITH (fillfactor = 70);

-- kind: owned
-- One row: where the chain ends. Whoever appends holds its lock. carry: what is too small for a line (books.FINE).
CREATE TABLE chain (
    bucket smallint NOT NULL, number bigint NOT NULL, hash bytea NOT NULL,
    batch bigint NOT NULL, carry bigint NOT NULL,
    PRIMARY KEY (bucket)
) WITH (fillfactor = 50);
INSERT INTO chain (bucket, number, hash, batch, carry) VALUES (0, 0, '', 0, 0);

-- kind: owned
-- The chain's end at the end of each day, for publication.
CREATE TABLE day_heads (
    bucket smallint NOT NULL, day_ms bigint NOT NULL, number bigint NOT NULL, hash bytea NOT NULL,
    PRIMARY KEY (bucket, day_ms)
);

-- kind: owned
-- subject: an account's id or '*' for each account; a role; a segment; '' for the instance.
CREATE TABLE budgets (
    bucket smallint NOT NULL, scope text NOT NULL, subject text NOT NULL,
    unit text NOT NULL, per text NOT NULL,             -- token | money; day | quarter
    most bigint NOT NULL CHECK (most >= 0),            -- tokens, or money in 1e-9
    PRIMARY KEY (bucket, scope, subject, unit, per)
);

-- kind: owned
-- What each scope spent in its present day and quarter, and what is held. A row of an older period counts as zero.
CREATE TABLE spending (
    bucket smallint NOT NULL, scope text NOT NULL, subject text NOT NULL,
    day_ms bigint NOT NULL DEFAULT 0, quarter_ms bigint NOT NULL DEFAULT 0,
    day_tokens bigint NOT NULL DEFAULT 0, quarter_tokens bigint NOT NULL DEFAULT 0,
    day_money bigint NOT NULL DEFAULT 0, quarter_money bigint NOT NULL DEFAULT 0,
    held_tokens bigint NOT NULL DEFAULT 0 CHECK (held_tokens >= 0),
    held_money bigint NOT NULL DEFAULT 0 CHECK (held_money >= 0),
    PRIMARY KEY (bucket, scope, subject)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- kind: owned
CREATE TABLE holds (
    bucket smallint NOT NULL, key text NOT NULL,
    account_id bigint NOT NULL, role text NOT NULL, segment text NOT NULL,
    tokens bigint NOT NULL CHECK (tokens >= 0), money bigint NOT NULL CHECK (money >= 0),
    worst_meters text[] NOT NULL, worst_quantities bigint[] NOT NULL,
    at_ms bigint NOT NULL, ends_ms bigint NOT NULL,
    state text NOT NULL DEFAULT 'open',                -- open | settled | void | expired
    used_tokens bigint NOT NULL DEFAULT 0, used_money bigint NOT NULL DEFAULT 0,
    CHECK (used_tokens <= tokens AND used_money <= money),
    PRIMARY KEY (bucket, key)
) WITH (fillfactor = 70);
CREATE INDEX holds_end ON holds (bucket, ends_ms) WHERE state = 'open';

-- kind: owned
-- Which budgets were told of in which period.
CREATE TABLE budget_warnings (
    bucket smallint NOT NULL, scope text NOT NULL, subject text NOT NULL, unit text NOT NULL, per text NOT NULL,
    starts_ms bigint NOT NULL, percent smallint NOT NULL,
    PRIMARY KEY (bucket, scope, subject, unit, per, starts_ms, percent)
);

-- What is in the books stays as it is, whoever finds a way to make this program run a statement.
REVOKE UPDATE, DELETE, TRUNCATE ON entries, entry_lines, day_heads, prices, usage_events FROM CURRENT_USER;
GRANT UPDATE (batch) ON usage_events TO CURRENT_USER;

-- The operator's own machine is priced from the first day: a core-hour at about 0.01. What others sell costs 0 until
-- the operator says what, and nothing may be spent on it before.
INSERT INTO prices (bucket, meter, version, from_ms, per_unit)
SELECT 0, meter, 1, 0, per_unit FROM (VALUES
    ('ai.cpu_ms', 2778), ('ai.gpu_ms', 0),
    ('ai.input_token', 0), ('ai.cached_token', 0), ('ai.output_token', 0), ('ai.image', 0),
    ('ai.training_cpu_ms', 2778),
    ('social.storage_mb_day', 1000), ('social.egress_mb', 10000), ('social.delivery', 100),
    ('social.push', 100), ('social.mail', 100000), ('social.moderation_minute', 0),
    ('worlds.world_second', 100), ('worlds.voice_second', 100), ('worlds.relay_mb', 10000),
    ('worlds.script_cpu_ms', 2778)
) AS first (meter, per_unit);

INSERT INTO budgets (bucket, scope, subject, unit, per, most) VALUES
    (0, 'account', '*', 'token', 'day', 200000),
    (0, 'instance', '', 'token', 'day', 5000000),
    (0, 'segment', 'ai', 'money', 'quarter', 0),
    (0, 'segment', 'worlds', 'money', 'quarter', 0);
