//! The ledger in PostgreSQL. (In files it is no table, and its whole content is sealed.)

use super::{Column, table};

table! {
    /// Entries of the ledger.
    Audit.ledger_entries {
        (log: Structure, Drop, "the node whose log it is")
        (seq: Structure, Drop, "its place in the log")
        (leaf_hash: Fingerprint, Drop, "its Merkle leaf (RFC 6962), over the sealed bytes")
        (sealed: Ciphertext, Drop, "the entry, sealed with the audit key")
    }
}

table! {
    /// Signed heads of the ledger.
    Audit.ledger_checkpoints {
        (log: Structure, Drop, "the node whose log it is")
        (size: Structure, Drop, "how many entries it covers")
        (note: Public, Drop, "the checkpoint, a signed note (C2SP tlog-checkpoint)")
    }
}

table! {
    /// Full tiles of the ledger's tree, above the leaves.
    Audit.ledger_tiles {
        (log: Structure, Drop, "the node whose log it is")
        (level: Structure, Drop, "the tile's level, from 1")
        (tile: Structure, Drop, "its index in the level")
        (hashes: Fingerprint, Drop, "256 hashes of the tree (RFC 6962)")
    }
}

table! {
    /// What was dropped from the ledger when its time was over.
    Audit.ledger_dropped {
        (log: Structure, Drop, "the node whose log it is")
        (entries: Structure, Drop, "how many entries went, the oldest ones")
        (note: Public, Drop, "which, by which rule, and where that is recorded: a signed note (C2SP signed-note)")
    }
}

pub(super) const TABLES: &[&[Column]] =
    &[ledger_entries::COLUMNS, ledger_checkpoints::COLUMNS, ledger_tiles::COLUMNS, ledger_dropped::COLUMNS];
