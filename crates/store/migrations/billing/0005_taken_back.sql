-- A therapist can take back what was charged: such a charge asks for nothing, is never billed, and says who took it back,
-- when and why. The three are empty where something is charged.

ALTER TABLE charges ADD COLUMN taken_back_by BYTEA;
ALTER TABLE charges ADD COLUMN taken_back_at BIGINT;
ALTER TABLE charges ADD COLUMN taken_back_because TEXT;
CREATE INDEX charges_taken_back ON charges (practice_id, account_id) WHERE state = 'draft' AND taken_back_at IS NOT NULL;
