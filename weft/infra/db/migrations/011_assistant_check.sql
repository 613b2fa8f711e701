-- expand: what the configured models were shown to be able to do, and what the judging of posts has seen.

SET LOCAL lock_timeout = '10s';

-- kind: shared
-- One row for each part of a check and each language. A row counts only for the very model and golden set that it was
-- made with; those of other models stay, so that going back to one needs no new check.
CREATE TABLE assistant_capabilities (
    capability text NOT NULL, part text NOT NULL, language text NOT NULL,
    sha256 text NOT NULL,                              -- of the model's file, or of a server's address and its name there
    golden text NOT NULL,                              -- version of the golden set
    model text NOT NULL,
    score double precision NOT NULL, bar double precision NOT NULL, passed boolean NOT NULL,
    asked integer NOT NULL, items integer NOT NULL,    -- fewer asked than there are: the bar was out of reach
    faults text NOT NULL DEFAULT '{}',                 -- JSON: what was wrong, and how often
    at_ms bigint NOT NULL,
    PRIMARY KEY (capability, part, language, sha256, golden)
);
