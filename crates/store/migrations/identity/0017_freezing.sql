-- Freezing an incident is long work: how far it is stands here, so that whoever comes next goes on. `turn` counts up with each step of
-- it, so that of two who are at it at one moment only one goes on.
ALTER TABLE incidents ADD COLUMN freezing TEXT;
ALTER TABLE incidents ADD COLUMN freezing_by BYTEA;
ALTER TABLE incidents ADD COLUMN freezing_at BIGINT;
ALTER TABLE incidents ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;
-- Why the list of those affected may not be all: words with spaces between them.
ALTER TABLE incidents ADD COLUMN missing TEXT NOT NULL DEFAULT '';
-- That sessions and API tokens of the account were ended, and how many there were.
ALTER TABLE incidents ADD COLUMN ended_at BIGINT;
ALTER TABLE incidents ADD COLUMN ended_sessions BIGINT NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN ended_tokens BIGINT NOT NULL DEFAULT 0;
-- Every few seconds it is asked which are being frozen; nearly none is.
CREATE INDEX incidents_freezing ON incidents (freezing_at) WHERE freezing IS NOT NULL;

-- What was seen of somebody, and what became of the hold on their record.
ALTER TABLE incident_patients ADD COLUMN seen TEXT NOT NULL DEFAULT 'opened';
ALTER TABLE incident_patients ADD COLUMN hold TEXT NOT NULL DEFAULT 'waiting';
UPDATE incident_patients SET hold = 'held' WHERE hold_id IS NOT NULL;
-- Before, what could not be held had no hold; frozen again, it is tried again.
UPDATE incident_patients SET hold = 'not_held' WHERE hold_id IS NULL;

-- The accounts of which an incident at a network address may be about: those that were allowed something from there in that time.
CREATE TABLE incident_accounts (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    PRIMARY KEY (practice_id, incident_id, account_id),
    FOREIGN KEY (practice_id, incident_id) REFERENCES incidents (practice_id, incident_id)
);
