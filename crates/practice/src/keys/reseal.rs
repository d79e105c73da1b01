//! Sealing stored rows anew, a bounded batch at a time. The kernel does it; here rows only come and go.

use super::rotation::{RotateError, Rotation};
use domain::{PatientId, PracticeId};
use ledger::Receipt;
use phi::{ResealError, Resealer, SealedBy, SealedTable};
use std::{collections::HashMap, sync::Arc};
use store::{
    Batch, Db, Store,
    rows::sealed_rows::{self, SealedRow},
};

/// How many subjects' keys are kept unwrapped at once: rows of one subject mostly come together.
const KEPT: usize = 1024;

/// The keys of rows' subjects, unwrapped once for many rows.
pub(super) struct Resealers<'a> {
    rotation: &'a Rotation<'a>,
    receipt: &'a Receipt,
    practice: PracticeId,
    by: SealedBy,
    kept: HashMap<[u8; 16], Option<Arc<Resealer>>>,
}

impl<'a> Resealers<'a> {
    pub(super) fn new(rotation: &'a Rotation<'a>, receipt: &'a Receipt, practice: PracticeId, by: SealedBy) -> Self {
        Self { rotation, receipt, practice, by, kept: HashMap::new() }
    }

    /// The keys of a row's subject; none when they were destroyed.
    pub(super) async fn of(&mut self, subject: [u8; 16]) -> Result<Option<Arc<Resealer>>, RotateError> {
        let owner = match self.by {
            SealedBy::Patient => subject,
            SealedBy::Practice => *self.practice.as_bytes(),
        };
        if let Some(known) = self.kept.get(&owner) {
            return Ok(known.clone());
        }
        if self.kept.len() >= KEPT {
            self.kept.clear();
        }
        let keyring = &self.rotation.house.keyring;
        let found = match self.by {
            SealedBy::Practice => Some(keyring.account_resealer(self.receipt, self.practice).await?),
            SealedBy::Patient => {
                keyring.patient_resealer(self.receipt, self.practice, PatientId::from_bytes(owner)).await?
            }
        };
        let found = found.map(Arc::new);
        self.kept.insert(owner, found.clone());
        Ok(found)
    }
}

/// What one pass over the rows found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pass {
    /// Rows that were sealed anew.
    pub(super) resealed: u64,
    /// Values that did not open and were left as they are.
    pub(super) unopened: u64,
}

impl Pass {
    /// Both together.
    pub(super) const fn and(self, other: Self) -> Self {
        Self { resealed: self.resealed + other.resealed, unopened: self.unopened + other.unopened }
    }
}

/// Seals every row that is not under its owner's newest key anew; of one subject where one is given. `step` is said
/// after each batch.
pub(super) async fn reseal_all(
    rotation: &Rotation<'_>,
    receipt: &Receipt,
    practice: PracticeId,
    by: SealedBy,
    subject: Option<[u8; 16]>,
    step: &'static str,
) -> Result<Pass, RotateError> {
    let mut resealers = Resealers::new(rotation, receipt, practice, by);
    let mut pass = Pass::default();
    let (mut done, total) = (0, count(rotation, practice, by, subject).await?);
    for table in phi::sealed_tables().iter().filter(|table| table.by == by) {
        let db = database(rotation, table);
        let mut after: Option<SealedRow> = None;
        loop {
            let began = rotation.begin();
            let rows = sealed_rows::page(db, table, practice, subject, after.as_ref(), rotation.batch()).await?;
            let mut batch = Batch::new();
            for row in &rows {
                let Some(keys) = resealers.of(row.subject).await? else { continue };
                match resealed(&keys, table, row) {
                    Ok(None) => {}
                    Ok(Some(new)) => batch = sealed_rows::replace(batch, table, practice, row, &new),
                    Err(_) => pass.unopened += 1,
                }
            }
            let changed = batch.len() as u64;
            if changed > 0 {
                db.commit(batch).await?;
                pass.resealed += changed;
                rotation.observer.reached(step);
            }
            done += rows.len() as u64;
            rotation.observer.progress(done, total.max(done));
            after = rows.last().cloned();
            if rows.len() < rotation.batch() as usize {
                break;
            }
            rotation.rest(began).await;
        }
    }
    Ok(pass)
}

/// The row's columns sealed anew; none when all of them are under the newest key.
fn resealed(
    keys: &Resealer,
    table: &SealedTable,
    row: &SealedRow,
) -> Result<Option<Vec<Option<Vec<u8>>>>, ResealError> {
    let mut new = row.sealed.clone();
    let mut changed = false;
    for ((column, old), new) in table.columns.iter().zip(&row.sealed).zip(&mut new) {
        let Some(old) = old else { continue };
        if let Some(sealed) = keys.reseal(row.subject, row.row_id(), column, old)? {
            *new = Some(sealed);
            changed = true;
        }
    }
    Ok(changed.then_some(new))
}

async fn count(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    by: SealedBy,
    subject: Option<[u8; 16]>,
) -> Result<u64, RotateError> {
    if subject.is_some() {
        return Ok(0);
    }
    let mut total = 0;
    for table in phi::sealed_tables().iter().filter(|table| table.by == by) {
        total += sealed_rows::count(database(rotation, table), table, practice).await?;
    }
    Ok(total)
}

/// The database of a table.
pub(super) fn database<'h>(rotation: &'h Rotation<'_>, table: &SealedTable) -> &'h Db {
    let stores = &rotation.house.stores;
    match table.store {
        Store::Identity => &stores.identity,
        Store::Keys => &stores.keys,
        Store::Billing => &stores.billing,
        Store::Clinical | Store::Audit | Store::AuditIndex => &stores.clinical,
    }
}
