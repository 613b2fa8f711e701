-- expand: in which language whoever asks for a model is written to.

SET LOCAL lock_timeout = '10s';

ALTER TABLE hub_requests ADD COLUMN language text NOT NULL DEFAULT 'en';
