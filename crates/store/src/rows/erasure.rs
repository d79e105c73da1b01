//! Removing a patient's rows: the statements are made from the registry of columns, so that a table that comes later is
//! not forgotten.
//!
//! In the clinical store, whatever names a patient goes, and what their account sent. In the identity store their account
//! goes with everything that hangs on it. Children go before their parents: the registry lists tables in the order in which
//! they were made, so the statements run from its end.

use crate::{Batch, Db, StoreError};
use domain::{AccountId, PatientId, PracticeId};
use phi::{Store, registry};
use std::{collections::BTreeMap, sync::LazyLock};

/// Tables that name a patient and outlive them: why they were held, that they were destroyed, and that an incident affected them,
/// which is documented for six years (45 CFR 164.414(b), 164.530(j)). And tables that name accounts and are about the staff alone.
const OUTLIVE: &[&str] = &[
    "legal_holds",
    "retention_items",
    "accounts",
    "incident_patients",
    "incident_accounts",
    "trainings",
    "export_holds",
];

struct Statements {
    /// Table, delete, count.
    clinical: Vec<(&'static str, &'static str, &'static str)>,
    /// By the patient's account.
    clinical_account: Vec<&'static str>,
    /// By patient.
    identity: Vec<&'static str>,
    /// By account.
    identity_account: Vec<&'static str>,
}

/// Made once and kept for as long as the program runs: statements are prepared by their text.
static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| {
    let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let mut all = Statements {
        clinical: Vec::new(),
        clinical_account: Vec::new(),
        identity: Vec::new(),
        identity_account: Vec::new(),
    };
    for (store, table) in tables().into_iter().rev() {
        let has = |name| registry().any(|c| c.store == store && c.table == table && c.column == name);
        let by =
            |verb: &str, column: &str| text(format!("{verb} FROM {table} WHERE practice_id = $1 AND {column} = $2"));
        match store {
            _ if OUTLIVE.contains(&table) || !has("practice_id") => {}
            Store::Clinical if has("patient_id") => {
                all.clinical.push((table, by("DELETE", "patient_id"), by("SELECT COUNT(*)", "patient_id")));
            }
            Store::Clinical if has("account_id") => all.clinical_account.push(by("DELETE", "account_id")),
            Store::Identity if has("patient_id") => all.identity.push(by("DELETE", "patient_id")),
            Store::Identity if has("account_id") => all.identity_account.push(by("DELETE", "account_id")),
            _ => {}
        }
    }
    all
});

/// The tables of the clinical and identity stores, in the order of the registry.
fn tables() -> Vec<(Store, &'static str)> {
    let mut seen = Vec::new();
    for column in registry().filter(|column| matches!(column.store, Store::Clinical | Store::Identity)) {
        if !seen.contains(&(column.store, column.table)) {
            seen.push((column.store, column.table));
        }
    }
    seen
}

/// How many rows of each clinical table are about a patient; tables without any are left out.
pub async fn count(
    clinical: &Db,
    practice: PracticeId,
    patient: PatientId,
) -> Result<BTreeMap<&'static str, i64>, StoreError> {
    let mut counts = BTreeMap::new();
    for (table, _, count) in &STATEMENTS.clinical {
        let rows = clinical.one(count, &[practice.into(), patient.into()]).await?.int(0)?;
        if rows > 0 {
            counts.insert(*table, rows);
        }
    }
    Ok(counts)
}

/// Removes whatever the clinical store knows of a patient and of what their account sent.
pub fn clinical(batch: Batch, practice: PracticeId, patient: PatientId, account: Option<AccountId>) -> Batch {
    let mut batch = batch;
    for (_, delete, _) in &STATEMENTS.clinical {
        batch = batch.run(delete, &[practice.into(), patient.into()]);
    }
    for delete in account.iter().flat_map(|_| &STATEMENTS.clinical_account) {
        batch = batch.run(delete, &[practice.into(), account.into()]);
    }
    batch
}

/// Removes the patient's account with all that hangs on it, and their places in care teams.
pub fn identity(batch: Batch, practice: PracticeId, patient: PatientId, account: Option<AccountId>) -> Batch {
    const ACCOUNT: &str = "DELETE FROM accounts WHERE practice_id = $1 AND patient_id = $2";
    let mut batch = batch;
    for delete in account.iter().flat_map(|_| &STATEMENTS.identity_account) {
        batch = batch.run(delete, &[practice.into(), account.into()]);
    }
    for delete in &STATEMENTS.identity {
        batch = batch.run(delete, &[practice.into(), patient.into()]);
    }
    batch.run(ACCOUNT, &[practice.into(), patient.into()])
}
