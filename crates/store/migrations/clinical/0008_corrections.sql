-- What was charged for a visit can be corrected: each correction is a crossing of its own, with the next number.

ALTER TABLE visits ADD COLUMN corrections BIGINT NOT NULL DEFAULT 0;

CREATE TABLE billing_crossings (
    practice_id BYTEA NOT NULL,
    visit_id BYTEA NOT NULL,
    number BIGINT NOT NULL,
    crossing BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, visit_id, number)
);
INSERT INTO billing_crossings (practice_id, visit_id, number, crossing, created_at)
    SELECT practice_id, visit_id, 0, crossing, created_at FROM billing_outbox;
DROP TABLE billing_outbox;
ALTER TABLE billing_crossings RENAME TO billing_outbox;
CREATE INDEX billing_outbox_by_age ON billing_outbox (created_at, visit_id, number);
