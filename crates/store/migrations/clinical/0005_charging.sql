-- Visits that were given to billing, each once; and what is on its way there.

ALTER TABLE visits ADD COLUMN charged_at BIGINT;
CREATE INDEX visits_not_charged ON visits (practice_id, therapist_id, starts_at)
    WHERE state = 'held' AND charged_at IS NULL;

CREATE TABLE billing_outbox (
    practice_id BYTEA NOT NULL,
    visit_id BYTEA NOT NULL,
    crossing BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, visit_id)
);
CREATE INDEX billing_outbox_by_age ON billing_outbox (created_at, visit_id);
