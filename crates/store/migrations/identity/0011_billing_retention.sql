-- A plan is about records or about billing accounts, never about both: no set of rows puts a patient beside an account.

ALTER TABLE retention_plans ADD COLUMN kind TEXT NOT NULL DEFAULT 'clinical';

-- One for each account that is due, or whose time is over and that wants a decision first. An account that a legal hold covers has
-- none: beside the hold it would say whose it is. Days are counted from 1970-01-01; `goes` is JSON: how many rows.
CREATE TABLE billing_retention_items (
    practice_id BYTEA NOT NULL,
    plan_id BYTEA NOT NULL,
    billing_account_id BYTEA NOT NULL,
    verdict TEXT NOT NULL,
    last_activity BIGINT NOT NULL,
    kept_until BIGINT NOT NULL,
    rule TEXT NOT NULL,
    goes TEXT NOT NULL,
    step TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    executed_rule TEXT,
    PRIMARY KEY (practice_id, plan_id, billing_account_id),
    FOREIGN KEY (practice_id, plan_id) REFERENCES retention_plans (practice_id, plan_id)
);
CREATE INDEX billing_retention_items_by_step ON billing_retention_items (practice_id, plan_id, step, billing_account_id);
-- Asked with every write on an account: whether its destruction has begun.
CREATE INDEX billing_retention_items_of_account ON billing_retention_items (practice_id, billing_account_id, step);
