//! What patients asked to be amended, step by step.

use super::sealed;
use crate::{Batch, Db, Row, StoreError};
use domain::{
    AccountId, AmendmentGround, AmendmentId, AmendmentStep, AmendmentStepId, Date, NoteId, PatientId, PracticeId,
    Timestamp,
};
use phi::{RowId, Sealed, fields::amendments};

/// A step: what was asked, an answer, or what was said to that.
pub struct AmendmentRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient who asked.
    pub patient_id: PatientId,
    /// What was asked: the same for all of its steps.
    pub amendment_id: AmendmentId,
    /// The step's own id, under which its words are sealed.
    pub step_id: AmendmentStepId,
    /// Which step it is.
    pub step: AmendmentStep,
    /// Why it was denied; none for other steps.
    pub ground: Option<AmendmentGround>,
    /// What was said.
    pub words: Sealed<amendments::Words>,
    /// The note in which the amendment stands, where it stands in one.
    pub note_id: Option<NoteId>,
    /// The day, in the practice's time zone.
    pub done_on: Date,
    /// Who did it.
    pub done_by: AccountId,
    /// When.
    pub done_at: Timestamp,
}

impl AmendmentRow {
    /// The row as associated data sees it.
    pub const fn row_id(step: AmendmentStepId) -> RowId {
        RowId::new(*step.as_bytes())
    }
}

/// What waits for an answer.
pub struct Waiting {
    /// What was asked.
    pub amendment_id: AmendmentId,
    /// Who asked.
    pub patient_id: PatientId,
    /// The day on which they asked.
    pub asked_on: Date,
    /// Whether the answer was put off.
    pub extended: bool,
}

/// All that a patient asked, the newest first, each with its steps in their order.
pub async fn of_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<AmendmentRow>, StoreError> {
    const SQL: &str = "SELECT s.amendment_id, s.step_id, s.step, s.ground, s.words, s.note_id, s.done_on, s.done_by, \
                       s.done_at FROM amendments s JOIN amendments a ON a.practice_id = s.practice_id \
                       AND a.amendment_id = s.amendment_id AND a.place = 0 \
                       WHERE s.practice_id = $1 AND s.patient_id = $2 \
                       ORDER BY a.done_at DESC, s.amendment_id, s.place";
    db.rows(SQL, &[practice.into(), patient.into()]).await?.iter().map(|row| read(practice, patient, row)).collect()
}

/// Up to `limit` requests of a practice that wait for an answer, those that were asked first first.
pub async fn waiting(db: &Db, practice: PracticeId, limit: i64) -> Result<Vec<Waiting>, StoreError> {
    const SQL: &str = "SELECT a.amendment_id, a.patient_id, a.done_on, (SELECT COUNT(*) FROM amendments e \
                       WHERE e.practice_id = $1 AND e.amendment_id = a.amendment_id AND e.place = 1) \
                       FROM amendments a WHERE a.practice_id = $1 AND a.place = 0 AND NOT EXISTS \
                       (SELECT 1 FROM amendments d WHERE d.practice_id = $1 AND d.amendment_id = a.amendment_id \
                       AND d.place = 2) ORDER BY a.done_on, a.amendment_id LIMIT $2";
    let found = db.rows(SQL, &[practice.into(), limit.into()]).await?;
    let read = |row: &Row| {
        Ok(Waiting {
            amendment_id: row.id(0)?,
            patient_id: row.id(1)?,
            asked_on: row.date(2)?,
            extended: row.int(3)? > 0,
        })
    };
    found.iter().map(read).collect()
}

/// How many requests of a patient wait for an answer.
pub async fn waiting_of(db: &Db, practice: PracticeId, patient: PatientId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM amendments a WHERE a.practice_id = $1 AND a.patient_id = $2 AND a.place = 0 \
                       AND NOT EXISTS (SELECT 1 FROM amendments d WHERE d.practice_id = $1 \
                       AND d.amendment_id = a.amendment_id AND d.place = 2)";
    db.one(SQL, &[practice.into(), patient.into()]).await?.int(0)
}

/// Adds a step. A duplicate where another stands in its place.
pub fn insert(batch: Batch, row: &AmendmentRow) -> Batch {
    const SQL: &str = "INSERT INTO amendments (practice_id, amendment_id, place, patient_id, step_id, step, ground, \
                       words, note_id, done_on, done_by, done_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let params = &[
        row.practice_id.into(),
        row.amendment_id.into(),
        i64::from(row.step.place()).into(),
        row.patient_id.into(),
        row.step_id.into(),
        row.step.word().into(),
        row.ground.map(AmendmentGround::word).into(),
        row.words.as_bytes().into(),
        row.note_id.into(),
        row.done_on.into(),
        row.done_by.into(),
        row.done_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

fn read(practice: PracticeId, patient: PatientId, row: &Row) -> Result<AmendmentRow, StoreError> {
    let step_id = row.id(1)?;
    Ok(AmendmentRow {
        practice_id: practice,
        patient_id: patient,
        amendment_id: row.id(0)?,
        step_id,
        step: row.word(2)?,
        ground: row.opt_word(3)?,
        words: sealed(row, 4, AmendmentRow::row_id(step_id))?,
        note_id: row.opt_id(5)?,
        done_on: row.date(6)?,
        done_by: row.id(7)?,
        done_at: row.timestamp(8)?,
    })
}
