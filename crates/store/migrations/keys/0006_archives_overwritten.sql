-- That the end of an archive was begun does not say that its file was overwritten: that is marked once it is durable. Only then
-- is a file that is not there taken for one that was destroyed.

ALTER TABLE archives ADD COLUMN overwritten_at BIGINT;
