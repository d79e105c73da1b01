-- Patients whose key was destroyed, and the certificates of it. Never forgotten: a key for such a patient is refused.

CREATE TABLE destroyed_patients (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    destroyed_at BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    PRIMARY KEY (practice_id, patient_id)
);

CREATE TABLE destruction_certificates (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    issued_at BIGINT NOT NULL,
    certificate TEXT NOT NULL,
    PRIMARY KEY (practice_id, patient_id)
);
