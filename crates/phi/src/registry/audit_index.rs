//! What the ledger is searched with: a copy of what its entries say, made from it and thrown away at will. Always an
//! embedded database, encrypted page by page.

use super::{Column, table};

table! {
    /// The logs that are indexed, and how far.
    AuditIndex.audit_logs {
        (log: Structure, Drop, "the log's number, from its name")
        (name: Structure, Drop, "the node whose log it is")
        (next_seq: Structure, Drop, "the first entry that is not indexed yet")
        (last_leaf: Fingerprint, Drop, "the Merkle leaf of the entry before that")
        (unreadable: Structure, Drop, "how many entries could not be opened")
    }
}

table! {
    /// Ids that entries name, by number.
    AuditIndex.audit_ids {
        (number: Structure, Drop, "the number that stands for it")
        (id: Id, Drop, "a practice, an account or a patient")
    }
}

table! {
    /// Words that entries are made of, by number.
    AuditIndex.audit_terms {
        (number: Structure, Drop, "the number that stands for it")
        (term: Structure, Drop, "a word of the program's own, or a network address")
    }
}

table! {
    /// Entries of all logs.
    AuditIndex.audit_entries {
        (practice: Structure, Drop, "the practice, by number")
        (at: Time, Drop, "when it was")
        (log: Structure, Drop, "the log, by number")
        (seq: Structure, Drop, "its place in the log")
        (actor: Structure, Drop, "the account that did it, by number")
        (patient: Structure, Drop, "whose record, by number")
        (action: Structure, Drop, "what was done, by number")
        (permission: Structure, Drop, "with which permission, by number")
        (outcome: Structure, Drop, "0 allowed, 1 denied, 2 failed")
        (address: Structure, Drop, "from which network address, by number")
        (role: Structure, Drop, "as what, by number")
        (purpose: Structure, Drop, "why, by number")
        (kind: Structure, Drop, "to what kind of thing, by number")
        (resource: Structure, Drop, "to which one: a random id of ours")
        (reason: Structure, Drop, "why it went so, by number")
        (login_session: Id, Drop, "in which login session")
        (request: Id, Drop, "in which request")
    }
}

table! {
    /// How much was done in each hour.
    AuditIndex.audit_activity {
        (practice: Structure, Drop, "the practice, by number")
        (hour: Structure, Drop, "the hour, counted from 1970 in UTC")
        (actor: Structure, Drop, "the account, by number; 0 for nobody and for all patients together")
        (role: Structure, Drop, "as what, by number")
        (entries: Structure, Drop, "how many entries")
        (refused: Structure, Drop, "how many of them were denied or failed")
    }
}

pub(super) const TABLES: &[&[Column]] =
    &[audit_logs::COLUMNS, audit_ids::COLUMNS, audit_terms::COLUMNS, audit_entries::COLUMNS, audit_activity::COLUMNS];
