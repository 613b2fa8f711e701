-- expand: a price may be for one model; the usage it is for says which; sums of the books have no largest number.

SET LOCAL lock_timeout = '10s';

-- model: the SHA-256 of our own model's file, or a server's name for its model; '' for every model without a price of
-- its own. Versions are counted by meter, so that a version alone says whose price it is.
ALTER TABLE prices ADD COLUMN model text NOT NULL DEFAULT '';
ALTER TABLE prices DROP CONSTRAINT prices_bucket_meter_from_ms_key;
ALTER TABLE prices ADD UNIQUE (bucket, meter, model, from_ms);

ALTER TABLE usage_events ADD COLUMN model text NOT NULL DEFAULT '';
ALTER TABLE holds ADD COLUMN model text NOT NULL DEFAULT '';

-- A usage that was stored must be booked, whatever was booked before it.
ALTER TABLE balances ALTER COLUMN debits TYPE numeric, ALTER COLUMN credits TYPE numeric;
