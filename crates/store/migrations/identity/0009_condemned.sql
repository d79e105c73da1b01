-- By which rule somebody was destroyed in the end, and until when they are archived: rules may change after a plan was approved.

ALTER TABLE retention_items ADD COLUMN executed_rule TEXT;
ALTER TABLE retention_items ADD COLUMN archive_until BIGINT;
-- Asked with every request for a patient: whether their destruction has begun.
CREATE INDEX retention_items_of_patient ON retention_items (practice_id, patient_id, step);
