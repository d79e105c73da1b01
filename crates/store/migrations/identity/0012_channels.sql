-- Where alerts and entries of the audit trail are sent to, how far each channel has come, and the agreements with who receives.

-- How far each reader has come in each log: the watch, and each channel. It moves in the transaction that stores what came of it.
CREATE TABLE read_places (
    reader TEXT NOT NULL,
    log TEXT NOT NULL,
    next_seq BIGINT NOT NULL,
    PRIMARY KEY (reader, log)
);
INSERT INTO read_places (reader, log, next_seq) SELECT 'watch', log, next_seq FROM watch_logs;
DROP TABLE watch_logs;

-- In the order in which they were stored, without a gap; none for those of before.
ALTER TABLE alerts ADD COLUMN nth BIGINT;
CREATE UNIQUE INDEX alerts_by_number ON alerts (practice_id, nth);

CREATE TABLE channels (
    practice_id BYTEA NOT NULL,
    channel_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    target BYTEA NOT NULL,
    agreement_id BYTEA NOT NULL,
    set_by BYTEA NOT NULL,
    set_at BIGINT NOT NULL,
    ended_by BYTEA,
    ended_at BIGINT,
    state TEXT NOT NULL,
    state_since BIGINT NOT NULL,
    why TEXT,
    failures BIGINT NOT NULL,
    try_at BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    sent_at BIGINT,
    waiting BIGINT NOT NULL,
    held_by BYTEA,
    held_until BIGINT NOT NULL,
    PRIMARY KEY (practice_id, channel_id)
);

CREATE TABLE business_agreements (
    practice_id BYTEA NOT NULL,
    agreement_id BYTEA NOT NULL,
    integration TEXT NOT NULL,
    own BIGINT NOT NULL,
    associate BYTEA NOT NULL,
    kept_at BYTEA,
    signed_on BIGINT NOT NULL,
    ends_on BIGINT,
    added_by BYTEA NOT NULL,
    added_at BIGINT NOT NULL,
    ended_by BYTEA,
    ended_at BIGINT,
    PRIMARY KEY (practice_id, agreement_id)
);
