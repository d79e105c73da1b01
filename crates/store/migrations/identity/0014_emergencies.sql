-- Records that were opened in an emergency, by whom, why, and who looked into that.

CREATE TABLE emergencies (
    practice_id BYTEA NOT NULL,
    emergency_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    account_id BYTEA NOT NULL,
    login_session_id BYTEA NOT NULL,
    reason BYTEA NOT NULL,
    opened_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    sign_by BIGINT NOT NULL,
    -- By a server that is about to tell that nobody signed.
    escalating_at BIGINT,
    escalated_at BIGINT,
    signed_by BYTEA,
    signed_at BIGINT,
    finding TEXT,
    words BYTEA,
    PRIMARY KEY (practice_id, emergency_id),
    -- One hour, in milliseconds: no row makes it longer.
    CHECK (expires_at <= opened_at + 3600000)
);
-- Asked with every request for a patient.
CREATE INDEX emergencies_of_patient ON emergencies (practice_id, patient_id);
-- Asked with every page.
CREATE INDEX emergencies_of_session ON emergencies (practice_id, login_session_id);
-- Asked every few seconds, for those whose time to be signed is over.
CREATE INDEX emergencies_to_sign ON emergencies (signed_at, escalated_at, sign_by);
