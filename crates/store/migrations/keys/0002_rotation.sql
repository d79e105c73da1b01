-- Which root wraps new keys, so that a program that holds an older one notices; and rotations under way.

CREATE TABLE root_in_force (
    one BIGINT NOT NULL PRIMARY KEY,
    root_id BYTEA NOT NULL,
    since BIGINT NOT NULL
);

CREATE TABLE key_rotations (
    practice_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    subject BYTEA NOT NULL,
    started_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    keyed_at BIGINT,
    finished_at BIGINT,
    PRIMARY KEY (practice_id, kind, subject, started_at)
);

CREATE INDEX patient_keys_by_wrapper ON patient_keys (practice_id, practice_key_version, patient_id);
