-- What was entered in error stays, and says so: since when, who said it, and why (sealed).

ALTER TABLE log_entries ADD COLUMN voided_at BIGINT;
ALTER TABLE log_entries ADD COLUMN voided_by BYTEA;
ALTER TABLE log_entries ADD COLUMN void_reason BYTEA;
ALTER TABLE progress_notes ADD COLUMN voided_at BIGINT;
ALTER TABLE progress_notes ADD COLUMN voided_by BYTEA;
ALTER TABLE progress_notes ADD COLUMN void_reason BYTEA;
ALTER TABLE visits ADD COLUMN voided_at BIGINT;
ALTER TABLE visits ADD COLUMN voided_by BYTEA;
ALTER TABLE visits ADD COLUMN void_reason BYTEA;
ALTER TABLE program_versions ADD COLUMN voided_at BIGINT;
ALTER TABLE program_versions ADD COLUMN voided_by BYTEA;
ALTER TABLE program_versions ADD COLUMN void_reason BYTEA;
