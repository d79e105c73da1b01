//! Rows as they are stored: one module for each table, or for tables that are only used together.
//!
//! Nothing here can read a sealed column; it carries [`phi::Sealed`] values to and fro. Reads are functions over a
//! [`Db`](crate::Db); writes add their statements to a [`Batch`](crate::Batch), so that a use case stores all that
//! belongs together at once.

pub mod access_reviews;
pub mod accounts;
pub mod activity_reviews;
pub mod agreements;
pub mod alerts;
pub mod amendments;
pub mod api_tokens;
pub mod archives;
pub mod audit_activity;
pub mod audit_entries;
pub mod audit_logs;
pub mod audit_touches;
pub mod billing;
pub mod billing_links;
pub mod billing_outbox;
pub mod breaches;
pub mod care_dates;
pub mod care_links;
pub mod ceremonies;
pub mod channels;
pub mod destroyed;
pub mod disposals;
pub mod emergencies;
pub mod erasure;
pub mod exercises;
pub mod export_holds;
pub mod idempotency_keys;
pub mod imports;
pub mod incidents;
pub mod invitations;
pub mod keys;
pub mod legal_holds;
pub mod log_entries;
pub mod login_sessions;
pub mod merges;
pub mod passkeys;
pub mod patients;
pub mod practices;
pub mod programs;
pub mod progress_notes;
pub mod recovery_codes;
pub mod restrictions;
pub mod retention;
pub mod rotations;
pub mod sealed_rows;
pub mod throttle;
pub mod totp_factors;
pub mod training;
pub mod visits;
pub mod voided;
pub mod watching;

use crate::{Row, StoreError};
use phi::{Field, RowId, Sealed};

fn sealed<F: Field>(row: &Row, index: usize, id: RowId) -> Result<Sealed<F>, StoreError> {
    Ok(Sealed::stored(id, row.blob(index)?.to_vec()))
}

fn opt_sealed<F: Field>(row: &Row, index: usize, id: RowId) -> Result<Option<Sealed<F>>, StoreError> {
    Ok(row.opt_blob(index)?.map(|bytes| Sealed::stored(id, bytes.to_vec())))
}

fn opt_bytes<F: Field>(sealed: Option<&Sealed<F>>) -> Option<&[u8]> {
    sealed.map(Sealed::as_bytes)
}
