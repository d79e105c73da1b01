-- An archive is known by its last day too: a record can be archived anew, and each file ends on a day of its own. What is about to
-- be overwritten is marked first, so that a file that is missing is not taken for one that was destroyed.

CREATE TABLE archives_by_day (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    ends_on BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    archived_at BIGINT NOT NULL,
    ending_at BIGINT,
    ended_at BIGINT,
    certificate TEXT,
    PRIMARY KEY (practice_id, patient_id, ends_on)
);
INSERT INTO archives_by_day (practice_id, patient_id, ends_on, digest, archived_at, ended_at, certificate)
    SELECT practice_id, patient_id, ends_on, digest, archived_at, ended_at, certificate FROM archives;
DROP TABLE archives;
ALTER TABLE archives_by_day RENAME TO archives;
CREATE INDEX archives_by_end ON archives (practice_id, ends_on);
