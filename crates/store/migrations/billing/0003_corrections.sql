-- A visit is an occasion here: a fingerprint that says nothing. Of its charges at most one is a draft and at most one is
-- in the books, whoever writes at the same moment. Charges that came before have no occasion, and are not corrected.

ALTER TABLE charges ADD COLUMN occasion_id BYTEA;
ALTER TABLE charges ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX charges_of_occasion ON charges (practice_id, occasion_id, number);
CREATE UNIQUE INDEX charges_in_draft ON charges (practice_id, occasion_id) WHERE state = 'draft';
CREATE UNIQUE INDEX charges_in_the_books ON charges (practice_id, occasion_id) WHERE state = 'billed';
