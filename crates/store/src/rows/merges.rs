//! Patients who were registered twice: which record was made in error, and as whom it goes on.

use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, PatientId, PracticeId, Timestamp};

/// The last decision about a patient who was registered twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient whose record was made in error.
    pub patient_id: PatientId,
    /// 1, 2, 3 and on, for each patient.
    pub number: u32,
    /// The patient as whom the record goes on; none takes the decision before back.
    pub into: Option<PatientId>,
    /// Who decided it.
    pub decided_by: AccountId,
    /// When.
    pub decided_at: Timestamp,
}

/// The record as which a record goes on, itself where it was not made twice: an expression for both databases. Two records are
/// of the same person where this is the same; there are no chains, so one step leads to it.
macro_rules! goes_on_as {
    ($practice:literal, $patient:literal) => {
        concat!(
            "COALESCE((SELECT m.into_patient FROM patient_merges m WHERE m.practice_id = ",
            $practice,
            " AND m.patient_id = ",
            $patient,
            " ORDER BY m.number DESC LIMIT 1), ",
            $patient,
            ")"
        )
    };
}
pub(super) use goes_on_as;

/// That the destruction of a record, or of another of the same person, has begun and is not certified: a condition for both
/// databases.
macro_rules! is_ending {
    ($practice:literal, $patient:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM retention_items i WHERE i.practice_id = ",
            $practice,
            " AND i.step NOT IN ('planned', 'spared', 'listing', 'certified') AND ",
            $crate::rows::merges::goes_on_as!($practice, "i.patient_id"),
            " = ",
            $crate::rows::merges::goes_on_as!($practice, $patient),
            ")"
        )
    };
}
pub(super) use is_ending;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.practice_id, m.patient_id, m.number, m.into_patient, m.decided_by, m.decided_at \
             FROM patient_merges m WHERE m.practice_id = $1 AND m.number = (SELECT MAX(n.number) \
             FROM patient_merges n WHERE n.practice_id = m.practice_id AND n.patient_id = m.patient_id) ",
            $rest
        )
    };
}

/// The last decision about a patient; none when there never was one.
pub async fn of_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Option<MergeRow>, StoreError> {
    let sql = select!("AND m.patient_id = $2");
    db.optional(sql, &[practice.into(), patient.into()]).await?.as_ref().map(read).transpose()
}

/// The records that go on as this patient.
pub async fn into_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<MergeRow>, StoreError> {
    let sql = select!("AND m.into_patient = $2 ORDER BY m.patient_id LIMIT 100");
    db.rows(sql, &[practice.into(), patient.into()]).await?.iter().map(read).collect()
}

/// All that are in force in a practice.
pub async fn all(db: &Db, practice: PracticeId) -> Result<Vec<MergeRow>, StoreError> {
    let sql = select!("AND m.into_patient IS NOT NULL ORDER BY m.patient_id");
    db.rows(sql, &[practice.into()]).await?.iter().map(read).collect()
}

/// Adds a decision. A duplicate where somebody decided about the same patient at the same moment. A conflict of its first
/// statement while one of the two, or another record of either person, stands between condemnation and certificate: it would be
/// destroyed, or kept, for what is no longer so. A conflict of a later one where the record that is to go on goes on elsewhere
/// itself, or another goes on as the one that is closed: there are no chains.
pub fn insert(batch: Batch, row: &MergeRow) -> Batch {
    const SQL: &str = concat!(
        "INSERT INTO patient_merges (practice_id, patient_id, number, into_patient, decided_by, decided_at) \
         SELECT $1, $2, $3, $4, $5, $6 WHERE NOT ",
        is_ending!("$1", "$2"),
        " AND NOT ",
        is_ending!("$1", "$4"),
    );
    // Must find nothing: a row that it would remove makes the whole batch a conflict, and stays.
    const ANOTHER_GOES_ON: &str = "DELETE FROM patient_merges WHERE practice_id = $1 AND into_patient = $2 \
                                   AND number = (SELECT MAX(n.number) FROM patient_merges n \
                                   WHERE n.practice_id = $1 AND n.patient_id = patient_merges.patient_id)";
    let params = &[
        row.practice_id.into(),
        row.patient_id.into(),
        i64::from(row.number).into(),
        row.into.into(),
        row.decided_by.into(),
        row.decided_at.into(),
    ];
    let mut batch = batch.run(SQL, params).expect(1);
    if let Some(into) = row.into {
        batch = is_open(batch, row.practice_id, into);
        batch = batch.run(ANOTHER_GOES_ON, &[row.practice_id.into(), row.patient_id.into()]).expect(0);
    }
    batch
}

/// Makes a batch a conflict where this record is closed: nothing is added to it behind a merge that came in between.
pub fn is_open(batch: Batch, practice: PracticeId, patient: PatientId) -> Batch {
    // Must find nothing, as above.
    const SQL: &str = "DELETE FROM patient_merges WHERE practice_id = $1 AND patient_id = $2 \
                       AND into_patient IS NOT NULL AND number = (SELECT MAX(n.number) \
                       FROM patient_merges n WHERE n.practice_id = $1 AND n.patient_id = $2)";
    batch.run(SQL, &[practice.into(), patient.into()]).expect(0)
}

/// All records of the person whose record this is: the one that goes on first, then those that go on as it.
pub async fn of_person(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<PatientId>, StoreError> {
    let goes_on = of_patient(db, practice, patient).await?.and_then(|row| row.into).unwrap_or(patient);
    let others = into_patient(db, practice, goes_on).await?;
    Ok(std::iter::once(goes_on).chain(others.into_iter().map(|row| row.patient_id)).collect())
}

fn read(row: &Row) -> Result<MergeRow, StoreError> {
    Ok(MergeRow {
        practice_id: row.id(0)?,
        patient_id: row.id(1)?,
        number: row.number(2)?,
        into: row.opt_id(3)?,
        decided_by: row.id(4)?,
        decided_at: row.timestamp(5)?,
    })
}
