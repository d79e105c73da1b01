-- Reviews of who has access: one for each practice and quarter. What nobody attests by then ends by itself.

CREATE TABLE access_reviews (
    practice_id BYTEA NOT NULL,
    review_id BYTEA NOT NULL,
    quarter TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    closed_at BIGINT,
    record TEXT,
    PRIMARY KEY (practice_id, review_id)
);
-- Two servers never begin two.
CREATE UNIQUE INDEX access_reviews_of_quarter ON access_reviews (practice_id, quarter);

-- Names no patient: a place on a care team is known by its own id.
CREATE TABLE access_items (
    practice_id BYTEA NOT NULL,
    review_id BYTEA NOT NULL,
    item_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    subject_id BYTEA NOT NULL,
    whose_id BYTEA NOT NULL,
    role TEXT NOT NULL,
    last_used_at BIGINT,
    unusual TEXT NOT NULL,
    decision TEXT,
    decided_by BYTEA,
    decided_at BIGINT,
    version BIGINT,
    PRIMARY KEY (practice_id, review_id, item_id),
    FOREIGN KEY (practice_id, review_id) REFERENCES access_reviews (practice_id, review_id)
);
CREATE INDEX access_items_of_account ON access_items (practice_id, whose_id, decided_at);

CREATE TABLE oversight_settings (
    practice_id BYTEA NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_by BYTEA NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (practice_id, name)
);
