-- Keys, each wrapped by the one above it. Removing a row destroys what it opens.

CREATE TABLE practice_keys (
    practice_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (practice_id, version)
);

CREATE TABLE patient_keys (
    practice_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    practice_key_version BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, patient_id, version),
    FOREIGN KEY (practice_id, practice_key_version) REFERENCES practice_keys (practice_id, version)
);
