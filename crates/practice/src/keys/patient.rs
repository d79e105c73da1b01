//! New versions of patients' keys: of one patient, or of all.
//!
//! The new versions are made; from then on every new grant seals under them. When the grace is over, nobody is left who got
//! leave before and could neither open what is sealed under them nor know of them, and the stored rows are sealed anew. When
//! the grace is over once more and a last sweep found none under an old version, the old versions are removed.

use super::{
    kept,
    reseal::{Pass, reseal_all},
    rotation::{RotateError, Rotated, Rotation, SWEEPS},
};
use crate::billing::courier;
use domain::{BillingAccountId, PatientId, PracticeId, Timestamp, Unobserved};
use ledger::{Receipt, Word};
use phi::SealedBy;
use store::{
    Batch,
    rows::{
        billing_outbox,
        rotations::{self, RotationRow},
    },
};

const BEGUN: &str = "the rotation is written down";
const SOME_MADE: &str = "some patients' new keys are made";
const ALL_MADE: &str = "all patients' new keys are made";
const SOME_RESEALED: &str = "some rows are sealed anew";
const ALL_RESEALED: &str = "all rows are sealed anew";
const SETTLED: &str = "nothing is under an old key";
const SOME_REMOVED: &str = "some old keys are removed";
const FINISHED: &str = "all old keys are removed";

/// The steps, as the observer is told of them.
pub const PATIENT_STEPS: &[&str] =
    &[BEGUN, SOME_MADE, ALL_MADE, SOME_RESEALED, ALL_RESEALED, SETTLED, SOME_REMOVED, FINISHED];

/// Before every patient, in the order of their ids.
const FIRST: PatientId = PatientId::from_bytes([0; 16]);

/// Rotates the key of one patient, or of all, or goes on with a rotation that was interrupted.
pub async fn rotate_patients(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    patient: Option<PatientId>,
) -> Result<Rotated, RotateError> {
    let receipt = rotation.record(Some(practice), patient, Word::new("rotate_patient_key")).await?;
    let subject = patient.map(|patient| *patient.as_bytes());
    let mut done = Rotated::default();
    let mut row = begin(rotation, practice, patient).await?;
    if row.keyed_at.is_none() {
        done.made = make(rotation, &row, patient, &receipt).await?;
        row.keyed_at = Some(rotation.house.clock.now());
        row.state = "resealing".to_owned();
        rotation.save(&row).await?;
        rotation.observer.reached(ALL_MADE);
    }
    let keyed_at = row.keyed_at.unwrap_or(row.started_at);
    if row.state == "resealing" {
        // A request that read its keys before the new ones were there would meet rows that they do not open.
        rotation.settle(keyed_at).await;
        done.resealed += rows(rotation, practice, subject, &receipt).await?.resealed;
        row.state = "settling".to_owned();
        rotation.save(&row).await?;
        rotation.observer.reached(ALL_RESEALED);
    }
    if row.state == "settling" {
        done.resealed += swept(rotation, practice, subject, &receipt).await?;
        row.state = "removing".to_owned();
        rotation.save(&row).await?;
        rotation.observer.reached(SETTLED);
    }
    remove(rotation, practice, patient, keyed_at).await?;
    row.state = "done".to_owned();
    row.finished_at = Some(rotation.house.clock.now());
    rotation.save(&row).await?;
    rotation.observer.reached(FINISHED);
    rotation.record(Some(practice), patient, Word::new("finish_patient_key")).await?;
    Ok(done)
}

/// The rotation that is under way, or a new one. Only one at a time: another's old versions could still be in use.
async fn begin(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    patient: Option<PatientId>,
) -> Result<RotationRow, RotateError> {
    let db = &rotation.house.stores.keys;
    let subject = patient.map_or([0; 16], |patient| *patient.as_bytes());
    let open = rotations::rotations(db, practice, false).await?;
    match open.into_iter().find(|row| row.kind == "patient") {
        Some(row) if row.subject == subject => return Ok(row),
        Some(row) if row.subject == [0; 16] => return Err(RotateError::Another { which: "rotate patient all".into() }),
        Some(row) => {
            let which = format!("rotate patient {}", PatientId::from_bytes(row.subject));
            return Err(RotateError::Another { which });
        }
        None => {}
    }
    if let Some(patient) = patient
        && rotations::newest_of_patient(db, practice, patient).await?.is_none()
    {
        return Err(RotateError::NoPatient);
    }
    let row = RotationRow {
        practice_id: practice,
        kind: "patient".to_owned(),
        subject,
        started_at: rotation.house.clock.now(),
        state: "keying".to_owned(),
        version: 0,
        keyed_at: None,
        finished_at: None,
    };
    rotation.save(&row).await?;
    rotation.observer.reached(BEGUN);
    Ok(row)
}

/// Makes the new versions of those whose newest was made before the rotation began.
async fn make(
    rotation: &Rotation<'_>,
    row: &RotationRow,
    patient: Option<PatientId>,
    receipt: &Receipt,
) -> Result<u64, RotateError> {
    let (db, practice) = (&rotation.house.stores.keys, row.practice_id);
    let (mut after, mut done) = (FIRST, 0);
    loop {
        let began = rotation.begin();
        let old = match patient {
            None => rotations::keyed_before(db, practice, after, row.started_at, rotation.batch()).await?,
            Some(one) if done == 0 => {
                let newest = rotations::newest_of_patient(db, practice, one).await?;
                newest.filter(|(_, at)| *at < row.started_at).map(|(version, _)| (one, version)).into_iter().collect()
            }
            Some(_) => Vec::new(),
        };
        let Some((last, _)) = old.last() else { return Ok(done) };
        after = *last;
        let mut batch = Batch::new();
        for (patient, version) in &old {
            let key = rotation.house.keyring.next_patient_key(receipt, practice, *patient, version + 1).await?;
            batch = rotations::add_patient_key(batch, practice, *patient, &key, rotation.house.clock.now());
        }
        rotation.commit(batch).await?;
        done += old.len() as u64;
        rotation.observer.reached(SOME_MADE);
        rotation.observer.progress(done, done);
        rotation.rest(began).await;
    }
}

/// Sweeps until nothing is under an old version, with the grace before each sweep: whoever read a row before it was sealed
/// anew has asked for its key by then. Says how many rows were sealed anew.
async fn swept(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    subject: Option<[u8; 16]>,
    receipt: &Receipt,
) -> Result<u64, RotateError> {
    let mut resealed = 0;
    for _ in 0..SWEEPS {
        rotation.settle(rotation.house.clock.now()).await;
        arrived(rotation, practice).await?;
        let sweep = rows(rotation, practice, subject, receipt).await?;
        if sweep.unopened > 0 {
            return Err(RotateError::Unopened { count: sweep.unopened });
        }
        if sweep.resealed == 0 {
            return Ok(resealed);
        }
        resealed += sweep.resealed;
    }
    Err(RotateError::StillUsed)
}

async fn rows(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    subject: Option<[u8; 16]>,
    receipt: &Receipt,
) -> Result<Pass, RotateError> {
    let rows = reseal_all(rotation, receipt, practice, SealedBy::Patient, subject, SOME_RESEALED).await?;
    let account = subject.map(BillingAccountId::from_bytes);
    Ok(rows.and(kept::reseal(rotation, receipt, practice, account, SOME_RESEALED).await?))
}

/// Brings charges that may be sealed under an old version to the billing store, where the sweep finds them.
async fn arrived(rotation: &Rotation<'_>, practice: PracticeId) -> Result<(), RotateError> {
    let Some(practice) = phi::practice_of_branch(practice) else { return Ok(()) };
    let delivered = courier::deliver(rotation.house, &Unobserved).await;
    match billing_outbox::count(&rotation.house.stores.clinical, practice).await? {
        count if count > 0 && delivered.is_err() => Err(RotateError::OnTheWay { count }),
        // What came since the courier looked is sealed under the new version: the grace is over.
        _ => Ok(()),
    }
}

/// Removes the old versions. Whoever got a still newer one meanwhile is left to the rotation that made it.
async fn remove(
    rotation: &Rotation<'_>,
    practice: PracticeId,
    patient: Option<PatientId>,
    keyed_at: Timestamp,
) -> Result<(), RotateError> {
    let db = &rotation.house.stores.keys;
    if let Some(patient) = patient {
        if let Some((newest, _)) = rotations::newest_of_patient(db, practice, patient).await? {
            rotation.commit(rotations::remove_patient_keys(Batch::new(), practice, patient, newest)).await?;
            rotation.observer.reached(SOME_REMOVED);
        }
        return Ok(());
    }
    let mut after = FIRST;
    loop {
        let began = rotation.begin();
        let several = rotations::with_several(db, practice, after, keyed_at, rotation.batch()).await?;
        let Some((last, _)) = several.last() else { return Ok(()) };
        after = *last;
        let mut batch = Batch::new();
        for (patient, newest) in &several {
            batch = rotations::remove_patient_keys(batch, practice, *patient, *newest);
        }
        rotation.commit(batch).await?;
        rotation.observer.reached(SOME_REMOVED);
        rotation.rest(began).await;
    }
}
