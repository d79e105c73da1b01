-- What patients ask to be amended in their record, and each answer: a row for each step, and none is ever changed.

CREATE TABLE amendments (
    practice_id BYTEA NOT NULL,
    amendment_id BYTEA NOT NULL,
    place BIGINT NOT NULL,
    patient_id BYTEA NOT NULL,
    step_id BYTEA NOT NULL,
    step TEXT NOT NULL,
    ground TEXT,
    words BYTEA NOT NULL,
    note_id BYTEA,
    done_on BIGINT NOT NULL,
    done_by BYTEA NOT NULL,
    done_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, amendment_id, place)
);
CREATE UNIQUE INDEX amendments_of_patient ON amendments (practice_id, patient_id, step_id);
