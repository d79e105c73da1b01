-- What the audit trail showed that somebody should look into, who looked into it, and what a practice set for that.

CREATE TABLE alerts (
    practice_id BYTEA NOT NULL,
    alert_id BYTEA NOT NULL,
    rule TEXT NOT NULL,
    answer TEXT NOT NULL,
    who_id BYTEA,
    happened_at BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    compared TEXT NOT NULL,
    PRIMARY KEY (practice_id, alert_id)
);
CREATE INDEX alerts_by_time ON alerts (practice_id, happened_at, alert_id);

-- The entries of the ledger that show it, in their order.
CREATE TABLE alert_entries (
    practice_id BYTEA NOT NULL,
    alert_id BYTEA NOT NULL,
    nth BIGINT NOT NULL,
    log TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (practice_id, alert_id, nth),
    FOREIGN KEY (practice_id, alert_id) REFERENCES alerts (practice_id, alert_id)
);

-- An alert is reviewed once.
CREATE TABLE alert_reviews (
    practice_id BYTEA NOT NULL,
    alert_id BYTEA NOT NULL,
    reviewed_by BYTEA NOT NULL,
    reviewed_at BIGINT NOT NULL,
    words BYTEA NOT NULL,
    PRIMARY KEY (practice_id, alert_id),
    FOREIGN KEY (practice_id, alert_id) REFERENCES alerts (practice_id, alert_id)
);

-- What is not here has its default.
CREATE TABLE watch_settings (
    practice_id BYTEA NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_by BYTEA NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, name)
);

-- How far each log was watched. It moves in the same transaction that stores what was found.
CREATE TABLE watch_logs (
    log TEXT NOT NULL PRIMARY KEY,
    next_seq BIGINT NOT NULL
);
