-- Practices, their accounts, how these prove who they are, and whom they treat.
-- Ids are 16 bytes, moments are milliseconds since 1970, "sealed" columns are ciphertext.

CREATE TABLE practices (
    practice_id BYTEA NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    bootstrap_open BIGINT NOT NULL,
    demo BIGINT NOT NULL
);

CREATE TABLE accounts (
    practice_id BYTEA NOT NULL REFERENCES practices (practice_id),
    account_id BYTEA NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    email_index BYTEA NOT NULL UNIQUE,
    email BYTEA NOT NULL,
    display_name BYTEA NOT NULL,
    patient_id BYTEA,
    password BYTEA,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (practice_id, account_id),
    UNIQUE (practice_id, patient_id)
);

CREATE TABLE totp_factors (
    practice_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    secret BYTEA NOT NULL,
    last_step BIGINT,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    PRIMARY KEY (practice_id, account_id),
    FOREIGN KEY (practice_id, account_id) REFERENCES accounts (practice_id, account_id)
);

CREATE TABLE passkeys (
    practice_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    passkey_id BYTEA NOT NULL,
    credential_index BYTEA NOT NULL UNIQUE,
    credential BYTEA NOT NULL,
    label BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (practice_id, account_id, passkey_id),
    FOREIGN KEY (practice_id, account_id) REFERENCES accounts (practice_id, account_id)
);

CREATE TABLE recovery_codes (
    practice_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    code_mac BYTEA NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (practice_id, account_id, code_mac),
    FOREIGN KEY (practice_id, account_id) REFERENCES accounts (practice_id, account_id)
);

-- Found by the hash of the cookie's token; the practice is not known before.
CREATE TABLE login_sessions (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    practice_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    login_session_id BYTEA NOT NULL,
    role TEXT NOT NULL,
    patient_id BYTEA,
    created_at BIGINT NOT NULL,
    factor TEXT,
    factor_at BIGINT,
    last_seen_at BIGINT NOT NULL,
    mac BYTEA NOT NULL,
    FOREIGN KEY (practice_id, account_id) REFERENCES accounts (practice_id, account_id)
);
CREATE INDEX login_sessions_of_account ON login_sessions (practice_id, account_id);

CREATE TABLE api_tokens (
    practice_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    token_id BYTEA NOT NULL,
    secret_hash BYTEA NOT NULL UNIQUE,
    role TEXT NOT NULL,
    patient_id BYTEA,
    scopes TEXT NOT NULL,
    label BYTEA NOT NULL,
    factor TEXT NOT NULL,
    factor_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mac BYTEA NOT NULL,
    PRIMARY KEY (practice_id, account_id, token_id),
    FOREIGN KEY (practice_id, account_id) REFERENCES accounts (practice_id, account_id)
);

CREATE TABLE invitations (
    practice_id BYTEA NOT NULL,
    invitation_id BYTEA NOT NULL,
    secret_hash BYTEA NOT NULL UNIQUE,
    account_id BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    mac BYTEA NOT NULL,
    PRIMARY KEY (practice_id, invitation_id),
    FOREIGN KEY (practice_id, account_id) REFERENCES accounts (practice_id, account_id)
);

CREATE TABLE care_links (
    practice_id BYTEA NOT NULL,
    care_link_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT,
    created_by BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, care_link_id),
    FOREIGN KEY (practice_id, account_id) REFERENCES accounts (practice_id, account_id)
);
CREATE INDEX care_links_of_account ON care_links (practice_id, account_id);
CREATE INDEX care_links_of_patient ON care_links (practice_id, patient_id);

-- What was asked of an authenticator and awaits its answer.
CREATE TABLE ceremonies (
    ceremony_id BYTEA NOT NULL PRIMARY KEY,
    practice_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    state BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Failed sign-ins in a row, by what was typed as address and by network address.
CREATE TABLE throttles (
    subject_index BYTEA NOT NULL PRIMARY KEY,
    lasting BIGINT NOT NULL DEFAULT 0,
    failures BIGINT NOT NULL,
    failed_at BIGINT NOT NULL
);
