-- Archives of records that were destroyed: where each lies is the settings' to say; when it ends, and that it ended, stands here.

CREATE TABLE archives (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    ends_on BIGINT NOT NULL,
    archived_at BIGINT NOT NULL,
    ended_at BIGINT,
    certificate TEXT,
    PRIMARY KEY (practice_id, patient_id)
);
CREATE INDEX archives_by_end ON archives (practice_id, ends_on);
