-- Incidents: what happened, whom it affects, what was decided about it, who was told (45 CFR 164.400-414). Nothing is removed.

CREATE TABLE incidents (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    subject TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    about_id BYTEA,
    from_at BIGINT NOT NULL,
    to_at BIGINT NOT NULL,
    discovered_on BIGINT NOT NULL,
    alert_id BYTEA,
    what BYTEA NOT NULL,
    opened_by BYTEA NOT NULL,
    opened_at BIGINT NOT NULL,
    frozen_by BYTEA,
    frozen_at BIGINT,
    complete BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (practice_id, incident_id)
);
CREATE INDEX incidents_by_day ON incidents (practice_id, discovered_on, incident_id);

-- Whom it affects, as the audit trail showed when it was frozen.
CREATE TABLE incident_patients (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    times BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    classes TEXT NOT NULL,
    hold_id BYTEA,
    PRIMARY KEY (practice_id, incident_id, patient_id),
    FOREIGN KEY (practice_id, incident_id) REFERENCES incidents (practice_id, incident_id)
);

-- The newest one counts; the others stay.
CREATE TABLE incident_assessments (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    nth BIGINT NOT NULL,
    nature TEXT NOT NULL,
    nature_words BYTEA NOT NULL,
    recipient TEXT NOT NULL,
    recipient_words BYTEA NOT NULL,
    acquired TEXT NOT NULL,
    acquired_words BYTEA NOT NULL,
    mitigated TEXT NOT NULL,
    mitigated_words BYTEA NOT NULL,
    conclusion TEXT NOT NULL,
    assessed_by BYTEA NOT NULL,
    assessed_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, incident_id, nth),
    FOREIGN KEY (practice_id, incident_id) REFERENCES incidents (practice_id, incident_id)
);

CREATE TABLE incident_states (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    state TEXT NOT NULL,
    people BIGINT NOT NULL,
    said_by BYTEA NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, incident_id, state),
    FOREIGN KEY (practice_id, incident_id) REFERENCES incidents (practice_id, incident_id)
);

CREATE TABLE incident_notices (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    notice TEXT NOT NULL,
    given_on BIGINT NOT NULL,
    noted_by BYTEA NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, incident_id, notice),
    FOREIGN KEY (practice_id, incident_id) REFERENCES incidents (practice_id, incident_id)
);

CREATE TABLE incident_closings (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    lessons BYTEA NOT NULL,
    closed_by BYTEA NOT NULL,
    closed_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, incident_id),
    FOREIGN KEY (practice_id, incident_id) REFERENCES incidents (practice_id, incident_id)
);
