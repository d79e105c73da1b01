//! A new version of a practice's key.
//!
//! The new version is made; from then on new patients' keys are wrapped by it and accounts are sealed under it. Patients'
//! keys are wrapped anew, accounts sealed anew. When the grace is over and a last sweep found nothing under the old
//! versions, they are removed.

use super::{
    reseal::{Pass, reseal_all},
    rotation::{RotateError, Rotated, Rotation, SWEEPS},
};
use domain::PracticeId;
use ledger::{Receipt, Word};
use phi::{KeyError, SealedBy};
use store::{
    Batch, CommitError,
    rows::rotations::{self, RotationRow},
};

const KEY_MADE: &str = "the practice's new key is made";
const SOME_REWRAPPED: &str = "some patients' keys are wrapped anew";
const ALL_REWRAPPED: &str = "all patients' keys are wrapped anew";
const SOME_RESEALED: &str = "some accounts are sealed anew";
const ALL_RESEALED: &str = "all accounts are sealed anew";
const SETTLED: &str = "nothing uses the practice's old keys";
const REMOVED: &str = "the practice's old keys are removed";

/// The steps, as the observer is told of them.
pub const PRACTICE_STEPS: &[&str] =
    &[KEY_MADE, SOME_REWRAPPED, ALL_REWRAPPED, SOME_RESEALED, ALL_RESEALED, SETTLED, REMOVED];

/// Rotates a practice's key, or goes on with a rotation that was interrupted.
pub async fn rotate_practice(rotation: &Rotation<'_>, practice: PracticeId) -> Result<Rotated, RotateError> {
    let receipt = rotation.record(Some(practice), None, Word::new("rotate_practice_key")).await?;
    let mut done = Rotated::default();
    let open = rotations::rotations(&rotation.house.stores.keys, practice, false).await?;
    let mut row = match open.into_iter().find(|row| row.kind == "practice") {
        Some(row) => row,
        None => {
            let row = begin(rotation, practice, &receipt).await?;
            done.made = 1;
            rotation.observer.reached(KEY_MADE);
            row
        }
    };
    done.rewrapped += rewrap(rotation, practice, row.version, &receipt).await?;
    rotation.observer.reached(ALL_REWRAPPED);
    done.resealed += accounts(rotation, practice, &receipt).await?.resealed;
    row.state = "settling".to_owned();
    rotation.save(&row).await?;
    rotation.observer.reached(ALL_RESEALED);
    let mut announced = false;
    for _ in 0..SWEEPS {
        // Who sealed under the old version has stored it when this is over, and who read what was under it has opened it.
        rotation.settle(rotation.house.clock.now()).await;
        let rewrapped = rewrap(rotation, practice, row.version, &receipt).await?;
        let sweep = accounts(rotation, practice, &receipt).await?;
        done.rewrapped += rewrapped;
        done.resealed += sweep.resealed;
        if sweep.unopened > 0 {
            return Err(RotateError::Unopened { count: sweep.unopened });
        }
        if rewrapped + sweep.resealed > 0 {
            continue;
        }
        if !announced {
            rotation.observer.reached(SETTLED);
            announced = true;
        }
        row.state = "done".to_owned();
        row.finished_at = Some(rotation.house.clock.now());
        let batch = rotations::remove_practice_keys(Batch::new(), practice, row.version);
        match rotation.commit(rotations::save_rotation(batch, &row)).await {
            Ok(()) => {
                rotation.observer.reached(REMOVED);
                rotation.record(Some(practice), None, Word::new("finish_practice_key")).await?;
                return Ok(done);
            }
            // A patient's key still hangs on an old version: the database does not let it go.
            Err(RotateError::Commit(CommitError::Refused { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Err(RotateError::StillUsed)
}

/// Makes the new version and writes the rotation down, both or neither.
async fn begin(rotation: &Rotation<'_>, practice: PracticeId, receipt: &Receipt) -> Result<RotationRow, RotateError> {
    let (keyring, db) = (&rotation.house.keyring, &rotation.house.stores.keys);
    let keys = rotations::practice_keys(db).await?;
    let newest = keys.iter().filter(|row| row.practice_id == practice).map(|row| row.key.version).max();
    let version = newest.ok_or(KeyError::Missing("practice"))? + 1;
    let at = rotation.house.clock.now();
    let row = RotationRow {
        practice_id: practice,
        kind: "practice".to_owned(),
        subject: [0; 16],
        started_at: at,
        state: "rewrapping".to_owned(),
        version,
        keyed_at: Some(at),
        finished_at: None,
    };
    loop {
        let root = keyring.root_id();
        let key = keyring.next_practice_key(receipt, practice, version);
        let batch = rotations::under_root(Batch::new(), root, at);
        let batch = rotations::add_practice_key(batch, practice, &key, at);
        match rotation.commit(rotations::save_rotation(batch, &row)).await {
            Ok(()) => return Ok(row),
            Err(RotateError::Commit(CommitError::Conflict { .. })) if keyring.renew_root(root) => {}
            Err(RotateError::Commit(CommitError::Conflict { .. })) => return Err(KeyError::OldRoot.into()),
            Err(error) => return Err(error),
        }
    }
}

/// Wraps patients' keys that an older version wraps anew, until there is none.
async fn rewrap(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    version: u32,
    receipt: &Receipt,
) -> Result<u64, RotateError> {
    let db = &rotation.house.stores.keys;
    let total: i64 = rotations::wrapped_by(db, practice)
        .await?
        .iter()
        .filter(|(wrapper, _)| *wrapper < version)
        .map(|(_, count)| count)
        .sum();
    let mut done = 0;
    loop {
        let began = rotation.begin();
        let old = rotations::wrapped_below(db, practice, version, rotation.batch()).await?;
        if old.is_empty() {
            return Ok(done);
        }
        let new = rotation.house.keyring.rewrap_patient_keys(receipt, practice, &old).await?;
        let mut batch = Batch::new();
        for ((_, old), (patient, new)) in old.iter().zip(&new) {
            batch = rotations::rewrap_patient_key(batch, practice, *patient, old.wrapped_by, new);
        }
        rotation.commit(batch).await?;
        done += new.len() as u64;
        rotation.observer.reached(SOME_REWRAPPED);
        rotation.observer.progress(done, done.max(u64::try_from(total).unwrap_or(0)));
        rotation.rest(began).await;
    }
}

async fn accounts(rotation: &Rotation<'_>, practice: PracticeId, receipt: &Receipt) -> Result<Pass, RotateError> {
    reseal_all(rotation, receipt, practice, SealedBy::Practice, None, SOME_RESEALED).await
}
