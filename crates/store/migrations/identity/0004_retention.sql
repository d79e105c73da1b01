-- What stops destruction, what is planned to be destroyed, and what was disposed of.

-- Without a patient, a hold stops the whole practice.
CREATE TABLE legal_holds (
    practice_id BYTEA NOT NULL,
    hold_id BYTEA NOT NULL,
    patient_id BYTEA,
    incident TEXT,
    reason BYTEA NOT NULL,
    placed_by BYTEA NOT NULL,
    placed_at BIGINT NOT NULL,
    lifted_by BYTEA,
    lifted_at BIGINT,
    PRIMARY KEY (practice_id, hold_id)
);
CREATE INDEX legal_holds_of_patient ON legal_holds (practice_id, patient_id);
CREATE INDEX legal_holds_of_placer ON legal_holds (practice_id, placed_by);

CREATE TABLE retention_plans (
    practice_id BYTEA NOT NULL,
    plan_id BYTEA NOT NULL,
    made_by BYTEA,
    made_at BIGINT NOT NULL,
    today BIGINT NOT NULL,
    rules TEXT NOT NULL,
    cooling_hours BIGINT NOT NULL,
    state TEXT NOT NULL,
    looked_at BIGINT NOT NULL,
    first_by BYTEA,
    first_at BIGINT,
    second_by BYTEA,
    second_at BIGINT,
    finished_at BIGINT,
    PRIMARY KEY (practice_id, plan_id)
);

-- One for each patient who is due, held or without a visit. Days are counted from 1970-01-01; `goes` is JSON: how many rows.
CREATE TABLE retention_items (
    practice_id BYTEA NOT NULL,
    plan_id BYTEA NOT NULL,
    patient_id BYTEA NOT NULL,
    verdict TEXT NOT NULL,
    last_care BIGINT,
    kept_until BIGINT,
    rule TEXT NOT NULL,
    goes TEXT NOT NULL,
    step TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, plan_id, patient_id),
    FOREIGN KEY (practice_id, plan_id) REFERENCES retention_plans (practice_id, plan_id)
);
CREATE INDEX retention_items_by_step ON retention_items (practice_id, plan_id, step, patient_id);

CREATE TABLE disposals (
    practice_id BYTEA NOT NULL,
    disposal_id BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (practice_id, disposal_id)
);
