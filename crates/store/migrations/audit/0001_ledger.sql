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

-- Full tiles of the tree above the leaves: 256 hashes of 32 bytes each. They can be computed from the leaves; kept so that a
-- start need not.
CREATE TABLE ledger_tiles (
    log TEXT NOT NULL,
    level BIGINT NOT NULL,
    tile BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (log, level, tile)
);
