//! Whether every key unwraps and every sealed value has its key; on request whether every value opens. Nothing is shown.

use super::{
    kept,
    reseal::{Resealers, database},
    rotation::{RotateError, Rotation},
};
use domain::{PatientId, PracticeId};
use ledger::{Receipt, Word};
use phi::{KeyError, SealedTable};
use std::collections::BTreeMap;
use store::rows::{
    rotations,
    sealed_rows::{self, SealedRow},
};

/// What is inside `billing_links.kept`, under the account's key.
const KEPT: &str = "billing_links.kept contact";

/// How deep to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every wrapped key is unwrapped; every value's key version must be there.
    Keys,
    /// Every value is opened, too, and shown to nobody.
    Values,
}

/// Something that is not as it should be. Names tables and ids, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub what: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Keys that unwrapped.
    pub keys: u64,
    /// How many values there are of each column under each version: `table.column`, version, count.
    pub versions: BTreeMap<(String, u32), u64>,
    /// What is wrong, at most the first hundred.
    pub faults: Vec<Fault>,
    /// How many things are wrong.
    pub wrong: u64,
}

impl Verified {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.keys += other.keys;
        for (version, count) in other.versions {
            *self.versions.entry(version).or_default() += count;
        }
        self.wrong += other.wrong;
        self.faults.extend(other.faults);
        self.faults.truncate(100);
        self
    }

    fn fault(&mut self, what: String) {
        self.wrong += 1;
        if self.faults.len() < 100 {
            self.faults.push(Fault { what });
        }
    }
}

/// Looks at a practice's keys and values, and at the server's own keys.
pub async fn verify(rotation: &Rotation<'_>, practice: PracticeId, depth: Depth) -> Result<Verified, RotateError> {
    let receipt = rotation.record(Some(practice), None, Word::new("verify_keys")).await?;
    let mut found = Verified::default();
    for owner in [phi::SERVER, phi::AUDIT, practice] {
        match rotation.house.keyring.check_practice(owner).await {
            Ok(()) => found.keys += 1,
            Err(KeyError::Unavailable(error)) => return Err(KeyError::Unavailable(error).into()),
            Err(error) => found.fault(format!("the key of {owner}: {error}")),
        }
    }
    patients(rotation, practice, &receipt, &mut found).await?;
    for table in phi::sealed_tables() {
        values(rotation, practice, table, depth, &receipt, &mut found).await?;
    }
    for (link, looked) in kept::check(rotation, &receipt, practice, depth == Depth::Values).await? {
        match looked {
            Ok(version) => *found.versions.entry((KEPT.to_owned(), version)).or_default() += 1,
            Err(wrong) => found.fault(format!("{KEPT} in row {link}: {wrong}")),
        }
    }
    Ok(found)
}

async fn patients(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    receipt: &Receipt,
    found: &mut Verified,
) -> Result<(), RotateError> {
    let mut after = PatientId::from_bytes([0; 16]);
    loop {
        let began = rotation.begin();
        let mut keys = rotations::patient_keys(&rotation.house.stores.keys, practice, after, rotation.batch()).await?;
        // The versions of one patient may be cut apart by the end of the page: the last patient comes again.
        let last = keys.last().map(|(patient, _)| *patient);
        if keys.len() == rotation.batch() as usize && keys.first().map(|(patient, _)| *patient) != last {
            keys.retain(|(patient, _)| Some(*patient) != last);
        }
        let Some((last, _)) = keys.last() else { return Ok(()) };
        after = *last;
        for (patient, key) in &keys {
            let one = [(*patient, key.clone())];
            match rotation.house.keyring.rewrap_patient_keys(receipt, practice, &one).await {
                Ok(_) => found.keys += 1,
                Err(KeyError::Unavailable(error)) => return Err(KeyError::Unavailable(error).into()),
                Err(error) => found.fault(format!("key {} of patient {patient}: {error}", key.version)),
            }
        }
        rotation.observer.progress(found.keys, found.keys);
        rotation.rest(began).await;
    }
}

async fn values(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    table: &SealedTable,
    depth: Depth,
    receipt: &Receipt,
    found: &mut Verified,
) -> Result<(), RotateError> {
    let db = database(rotation, table);
    let mut resealers = Resealers::new(rotation, receipt, practice, table.by);
    let (mut after, mut done): (Option<SealedRow>, u64) = (None, 0);
    let total = sealed_rows::count(db, table, practice).await?;
    loop {
        let began = rotation.begin();
        let rows = sealed_rows::page(db, table, practice, None, after.as_ref(), rotation.batch()).await?;
        for row in &rows {
            let keys = match resealers.of(row.subject).await {
                Err(RotateError::Key(error)) if !matches!(error, KeyError::Unavailable(_)) => {
                    found.fault(format!("{} of {}: {error}", table.table, uuid(&row.subject)));
                    continue;
                }
                keys => keys?,
            };
            for (column, sealed) in table.columns.iter().zip(&row.sealed) {
                let Some(sealed) = sealed else { continue };
                let place = format!("{}.{}", table.table, column.column);
                let version = phi::key_version_of(sealed).unwrap_or(0);
                let wrong = match &keys {
                    None => Some("its key was destroyed".to_owned()),
                    Some(keys) if !keys.has(version) => Some(format!("there is no version {version} of its key")),
                    Some(keys) if depth == Depth::Values => {
                        keys.check(row.subject, row.row_id(), column, sealed).err().map(|error| error.why.to_string())
                    }
                    Some(_) => None,
                };
                if let Some(wrong) = wrong {
                    found.fault(format!("{place} in row {}: {wrong}", uuid(row.id())));
                }
                *found.versions.entry((place, version)).or_default() += 1;
            }
        }
        done += rows.len() as u64;
        rotation.observer.progress(done, total.max(done));
        after = rows.last().cloned();
        if rows.len() < rotation.batch() as usize {
            return Ok(());
        }
        rotation.rest(began).await;
    }
}

fn uuid(id: &[u8; 16]) -> PatientId {
    PatientId::from_bytes(*id)
}
