-- The ledger. The server's role may add and read, and nothing else.

CREATE TABLE ledger_entries (
    log TEXT NOT NULL,
    seq BIGINT NOT NULL,
    leaf_hash BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (log, seq)
);

CREATE TABLE ledger_checkpoints (
    log TEXT NOT NULL,
    size BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (log, size)
);
