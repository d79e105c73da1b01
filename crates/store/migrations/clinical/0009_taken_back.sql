-- What was charged for a visit can be taken back; the visit is as one that was never charged then.

ALTER TABLE visits ADD COLUMN charge_taken_back_at BIGINT;
ALTER TABLE visits ADD COLUMN charge_taken_back_by BYTEA;
