-- What was dropped from a log when its time was over: how many entries, the oldest ones, and the signed note that says so. Of
-- those entries the leaf hash stays, and what was sealed is empty. Only the owner of the tables can do that.

CREATE TABLE ledger_dropped (
    log TEXT NOT NULL,
    entries BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (log, entries)
);
