//! What a breach asks for: counts by state, what letters say, notices that were given. Rows are added and never changed.

use super::{opt_bytes, opt_sealed, sealed};
use crate::{Batch, Db, Param, Row, StoreError};
use domain::{
    AccountId, BreachNotice, Date, IncidentId, LetterLanguage, PatientId, PracticeId, StateCode, StateCount,
    SubstituteWay, Timestamp,
};
use phi::{
    RowId, Sealed,
    fields::{breach_letters as letter, breach_notices},
};

/// A count of those who live in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// Its number.
    pub nth: i64,
    /// Where, and how many.
    pub count: StateCount,
    /// Who said so.
    pub said_by: AccountId,
    /// When.
    pub said_at: Timestamp,
}

/// What letters of a language say.
pub struct LetterRow {
    /// Its number.
    pub nth: i64,
    /// The language.
    pub language: LetterLanguage,
    /// What happened.
    pub happened: Sealed<letter::Happened>,
    /// What whoever gets it should do.
    pub advice: Sealed<letter::Advice>,
    /// What the practice does.
    pub doing: Sealed<letter::Doing>,
    /// How to ask.
    pub ask: Sealed<letter::Ask>,
    /// Who wrote it.
    pub written_by: AccountId,
    /// When.
    pub written_at: Timestamp,
}

/// A notice that was given.
pub struct NoticeRow {
    /// Its number.
    pub nth: i64,
    /// To whom.
    pub notice: BreachNotice,
    /// The state of the media.
    pub state: Option<StateCode>,
    /// How it was given in place of letters.
    pub way: Option<SubstituteWay>,
    /// On which day it was given, or the first of several.
    pub given_on: Date,
    /// Why it was given after its last day.
    pub late: Option<Sealed<breach_notices::Late>>,
    /// Whose place it takes.
    pub replaces: Option<i64>,
    /// Who noted it.
    pub noted_by: AccountId,
    /// When.
    pub noted_at: Timestamp,
}

/// A letter's or a notice's row as associated data sees it.
pub const fn row_id(incident: IncidentId, nth: i64) -> RowId {
    RowId::versioned(*incident.as_bytes(), nth.cast_unsigned())
}

/// Whom an incident affects, as it was written down; nobody while it is not assessed as a breach.
pub async fn affected(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<Vec<PatientId>, StoreError> {
    const SQL: &str = "SELECT p.patient_id FROM incident_patients p WHERE p.practice_id = $1 AND p.incident_id = $2 \
                       AND (SELECT a.conclusion FROM incident_assessments a WHERE a.practice_id = $1 \
                       AND a.incident_id = $2 ORDER BY a.nth DESC LIMIT 1) = 'breach' ORDER BY p.patient_id";
    db.rows(SQL, &[practice.into(), incident.into()]).await?.iter().map(|row| row.id(0)).collect()
}

fn state(row: &Row, index: usize) -> Result<Option<StateCode>, StoreError> {
    let code = row.opt_text(index)?.map(StateCode::new).transpose();
    code.map_err(|_| StoreError::Column { index, wanted: "a state" })
}

/// All counts, in their order.
pub async fn counts(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<Vec<CountRow>, StoreError> {
    const SQL: &str = "SELECT nth, state, people, said_by, said_at FROM incident_counts \
                       WHERE practice_id = $1 AND incident_id = $2 ORDER BY nth";
    let read = |row: &Row| {
        Ok(CountRow {
            nth: row.int(0)?,
            count: StateCount { state: state(row, 1)?, people: row.number(2)? },
            said_by: row.id(3)?,
            said_at: row.timestamp(4)?,
        })
    };
    db.rows(SQL, &[practice.into(), incident.into()]).await?.iter().map(read).collect()
}

/// Adds a count.
pub fn count(batch: Batch, (practice, incident): (PracticeId, IncidentId), row: &CountRow) -> Batch {
    const SQL: &str = "INSERT INTO incident_counts (practice_id, incident_id, nth, state, people, said_by, said_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params: &[Param<'_>] = &[
        practice.into(),
        incident.into(),
        row.nth.into(),
        row.count.state.map(StateCode::as_str).into(),
        row.count.people.into(),
        row.said_by.into(),
        row.said_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// All that letters said, in its order.
pub async fn letters(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<Vec<LetterRow>, StoreError> {
    const SQL: &str = "SELECT nth, language, happened, advice, doing, ask, written_by, written_at FROM breach_letters \
                       WHERE practice_id = $1 AND incident_id = $2 ORDER BY nth";
    let read = |row: &Row| {
        let nth = row.int(0)?;
        let id = row_id(incident, nth);
        Ok(LetterRow {
            nth,
            language: row.word(1)?,
            happened: sealed(row, 2, id)?,
            advice: sealed(row, 3, id)?,
            doing: sealed(row, 4, id)?,
            ask: sealed(row, 5, id)?,
            written_by: row.id(6)?,
            written_at: row.timestamp(7)?,
        })
    };
    db.rows(SQL, &[practice.into(), incident.into()]).await?.iter().map(read).collect()
}

/// Adds what letters say.
pub fn write(batch: Batch, (practice, incident): (PracticeId, IncidentId), row: &LetterRow) -> Batch {
    const SQL: &str = "INSERT INTO breach_letters (practice_id, incident_id, nth, language, happened, advice, doing, ask, \
                       written_by, written_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let params: &[Param<'_>] = &[
        practice.into(),
        incident.into(),
        row.nth.into(),
        row.language.word().into(),
        row.happened.as_bytes().into(),
        row.advice.as_bytes().into(),
        row.doing.as_bytes().into(),
        row.ask.as_bytes().into(),
        row.written_by.into(),
        row.written_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// All notices that were noted, in their order.
pub async fn notices(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<Vec<NoticeRow>, StoreError> {
    const SQL: &str = "SELECT nth, notice, state, way, given_on, late, replaces, noted_by, noted_at FROM breach_notices \
                       WHERE practice_id = $1 AND incident_id = $2 ORDER BY nth";
    let read = |row: &Row| {
        let nth = row.int(0)?;
        Ok(NoticeRow {
            nth,
            notice: row.word(1)?,
            state: state(row, 2)?,
            way: row.opt_word(3)?,
            given_on: row.date(4)?,
            late: opt_sealed(row, 5, row_id(incident, nth))?,
            replaces: row.opt_int(6)?,
            noted_by: row.id(7)?,
            noted_at: row.timestamp(8)?,
        })
    };
    db.rows(SQL, &[practice.into(), incident.into()]).await?.iter().map(read).collect()
}

/// The notices in whose place no other stands.
pub async fn standing(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<Vec<NoticeRow>, StoreError> {
    let mut all = notices(db, practice, incident).await?;
    let replaced: Vec<i64> = all.iter().filter_map(|notice| notice.replaces).collect();
    all.retain(|notice| !replaced.contains(&notice.nth));
    Ok(all)
}

/// Notes a notice; [`crate::CommitError::Duplicate`] when something stands in the place already that it is to take.
pub fn note(batch: Batch, (practice, incident): (PracticeId, IncidentId), row: &NoticeRow) -> Batch {
    const SQL: &str = "INSERT INTO breach_notices (practice_id, incident_id, nth, notice, state, way, given_on, late, \
                       replaces, noted_by, noted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let params: &[Param<'_>] = &[
        practice.into(),
        incident.into(),
        row.nth.into(),
        row.notice.word().into(),
        row.state.map(StateCode::as_str).into(),
        row.way.map(SubstituteWay::word).into(),
        row.given_on.into(),
        opt_bytes(row.late.as_ref()).into(),
        row.replaces.into(),
        row.noted_by.into(),
        row.noted_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}
