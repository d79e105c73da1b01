-- Tries that were refused without being looked at: how many in the present window, since when, and the request of the
-- first, under which the ledger has it. So a flood fills neither the ledger nor this table, and is still counted.

ALTER TABLE throttles ADD COLUMN refused BIGINT NOT NULL DEFAULT 0;
ALTER TABLE throttles ADD COLUMN refused_since BIGINT;
ALTER TABLE throttles ADD COLUMN refused_request BYTEA;
CREATE INDEX throttles_refused ON throttles (refused_since) WHERE refused > 0;
