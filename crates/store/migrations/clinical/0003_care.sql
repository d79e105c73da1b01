-- Notes are amended and programs are ended: by a new row each, and the old one stays as it was.

-- An amendment is the next version of a note: it names the first one, and the one that it takes the place of. Only one
-- can take the place of each.
ALTER TABLE progress_notes ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE progress_notes ADD COLUMN first_note_id BYTEA;
CREATE UNIQUE INDEX progress_notes_amended_once ON progress_notes (practice_id, patient_id, corrects);
CREATE INDEX progress_notes_by_first ON progress_notes (practice_id, patient_id, first_note_id);

-- Sealed: why a program was ended, in the version that ends it.
ALTER TABLE program_versions ADD COLUMN end_reason BYTEA;
