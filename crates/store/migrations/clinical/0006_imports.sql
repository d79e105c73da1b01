-- Patients who were brought in from an earlier program, and the run of the import that may write.

CREATE TABLE imports (
    practice_id BYTEA NOT NULL,
    run BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    begun_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (practice_id)
);

CREATE TABLE imported_patients (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    content BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    stored_at BIGINT NOT NULL,
    verified_at BIGINT,
    PRIMARY KEY (practice_id, patient_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patients (practice_id, patient_id)
);
