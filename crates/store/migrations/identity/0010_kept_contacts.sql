-- Name and contact of a billed patient whose record was destroyed, until billing's own retention is over; and which patients of a
-- plan billing knows.

ALTER TABLE billing_links ADD COLUMN kept BYTEA;
ALTER TABLE retention_items ADD COLUMN billing_keeps BIGINT NOT NULL DEFAULT 0;
