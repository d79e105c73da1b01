-- What patients ask about their record. Nothing here is overwritten: an end, or a change of mind, is a row of its own.

CREATE TABLE restrictions (
    practice_id BYTEA NOT NULL,
    restriction_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    what TEXT NOT NULL,
    account_id BYTEA,
    answer TEXT NOT NULL,
    ends BYTEA,
    asked_on BIGINT NOT NULL,
    decided_by BYTEA NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, restriction_id),
    UNIQUE (practice_id, ends)
);
-- Asked with every request for a patient.
CREATE INDEX restrictions_of_patient ON restrictions (practice_id, patient_id);

CREATE TABLE patient_merges (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    number BIGINT NOT NULL,
    into_patient BYTEA,
    decided_by BYTEA NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, patient_id, number)
);
CREATE INDEX patient_merges_into ON patient_merges (practice_id, into_patient);
