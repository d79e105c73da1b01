-- Who looked through what was done, up to when; and when it was told last that nobody did.

CREATE TABLE activity_reviews (
    practice_id BYTEA NOT NULL,
    reviewed_until BIGINT NOT NULL,
    reviewed_by BYTEA NOT NULL,
    reviewed_at BIGINT NOT NULL,
    -- The next one reaches further.
    PRIMARY KEY (practice_id, reviewed_until)
);

CREATE TABLE watch_reminders (
    practice_id BYTEA NOT NULL,
    -- Of what: activity, alerts, or the head of the audit trail.
    about TEXT NOT NULL,
    -- By a server that is about to tell it.
    taken_at BIGINT NOT NULL,
    told_at BIGINT,
    PRIMARY KEY (practice_id, about)
);
