-- Visits. The state moves on where the version still is what the caller saw; how long, where and what about is sealed.

CREATE TABLE visits (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    visit_id BYTEA NOT NULL,
    therapist_id BYTEA NOT NULL,
    starts_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    minutes BYTEA NOT NULL,
    clinic BYTEA,
    remark BYTEA,
    recorded_by BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (practice_id, patient_id, visit_id),
    FOREIGN KEY (practice_id, patient_id) REFERENCES patients (practice_id, patient_id)
);
CREATE INDEX visits_by_time ON visits (practice_id, patient_id, starts_at);
