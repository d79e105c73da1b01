-- When a server looked after a review last: time in which none did is given back to whoever answers.
ALTER TABLE access_reviews ADD COLUMN looked_at BIGINT;
-- Every few seconds it is asked which are not closed; nearly all are.
CREATE INDEX access_reviews_unfinished ON access_reviews (started_at) WHERE state <> 'closed';
