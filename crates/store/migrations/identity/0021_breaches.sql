-- What a breach asks for: counts by state, letters, notices. What was said before stays; nothing is written over.

-- The highest number of a state counts. No state: those of whom nobody knows where they live.
CREATE TABLE incident_counts (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    nth BIGINT NOT NULL,
    state TEXT,
    people BIGINT NOT NULL,
    said_by BYTEA NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, incident_id, nth),
    FOREIGN KEY (practice_id, incident_id) REFERENCES incidents (practice_id, incident_id)
);
INSERT INTO incident_counts (practice_id, incident_id, nth, state, people, said_by, said_at)
    SELECT practice_id, incident_id, ROW_NUMBER() OVER (PARTITION BY practice_id, incident_id ORDER BY said_at, state),
    state, people, said_by, said_at FROM incident_states;
DROP TABLE incident_states;

-- The highest number of a language counts.
CREATE TABLE breach_letters (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    nth BIGINT NOT NULL,
    language TEXT NOT NULL,
    happened BYTEA NOT NULL,
    advice BYTEA NOT NULL,
    doing BYTEA NOT NULL,
    ask BYTEA NOT NULL,
    written_by BYTEA NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, incident_id, nth),
    FOREIGN KEY (practice_id, incident_id) REFERENCES incidents (practice_id, incident_id)
);

-- One takes the place of another at most.
CREATE TABLE breach_notices (
    practice_id BYTEA NOT NULL,
    incident_id BYTEA NOT NULL,
    nth BIGINT NOT NULL,
    notice TEXT NOT NULL,
    state TEXT,
    way TEXT,
    given_on BIGINT NOT NULL,
    late BYTEA,
    replaces BIGINT,
    noted_by BYTEA NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, incident_id, nth),
    UNIQUE (practice_id, incident_id, replaces),
    FOREIGN KEY (practice_id, incident_id) REFERENCES incidents (practice_id, incident_id)
);
INSERT INTO breach_notices (practice_id, incident_id, nth, notice, given_on, noted_by, noted_at)
    SELECT practice_id, incident_id, ROW_NUMBER() OVER (PARTITION BY practice_id, incident_id ORDER BY noted_at, notice),
    notice, given_on, noted_by, noted_at FROM incident_notices;
DROP TABLE incident_notices;
