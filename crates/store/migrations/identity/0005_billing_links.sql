-- Which patient a billing account is of. The two stand together nowhere else, and here only sealed; the fingerprints find
-- a link from either side.

CREATE TABLE billing_links (
    practice_id BYTEA NOT NULL,
    link_id BYTEA NOT NULL,
    patient_index BYTEA NOT NULL,
    account_index BYTEA NOT NULL,
    link BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, link_id),
    UNIQUE (practice_id, patient_index),
    UNIQUE (practice_id, account_index)
);
