//! Incidents: what happened, whom it affects, what was decided about it.

use super::sealed;
use crate::{Batch, Db, Param, Row, StoreError};
use domain::{
    AccountId, AlertId, DataAcquired, DataNature, DataRecipient, Date, FreezeStage, HoldId, IncidentConclusion,
    IncidentHold, IncidentId, IncidentSeen, IncidentSubject, PatientId, PracticeId, RiskMitigated, Timestamp,
};
use phi::{
    RowId, Sealed,
    fields::{incident_assessments as assessed, incident_closings, incidents},
};

/// An incident.
pub struct IncidentRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The incident.
    pub incident_id: IncidentId,
    /// By what it is known whose doing it is.
    pub subject: IncidentSubject,
    /// The account, the session or the address.
    pub subject_id: String,
    /// The account whose doing it is, where that is known.
    pub about: Option<AccountId>,
    /// From this moment on.
    pub from: Timestamp,
    /// Up to before this one.
    pub to: Timestamp,
    /// When it was discovered: the first day on which anybody of the practice knew, or could have known.
    pub discovered_on: Date,
    /// The alert from which it was opened.
    pub alert_id: Option<AlertId>,
    /// What happened.
    pub what: Sealed<incidents::What>,
    /// Who opened it.
    pub opened_by: AccountId,
    /// When.
    pub opened_at: Timestamp,
    /// Who froze it last.
    pub frozen_by: Option<AccountId>,
    /// When.
    pub frozen_at: Option<Timestamp>,
    /// Whether the list of those affected was whole then.
    pub complete: Option<bool>,
    /// Why it may not have been: words with spaces between them.
    pub missing: String,
    /// Counts up with everything that is done about it.
    pub version: i64,
    /// How far its freezing is; none while it is not being frozen.
    pub freezing: Option<Freezing>,
    /// Counts up with each step of its freezing.
    pub turn: i64,
    /// The sessions and API tokens that were ended; none before.
    pub ended: Option<EndedAccess>,
}

/// The freezing of an incident that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freezing {
    /// How far it is.
    pub stage: FreezeStage,
    /// Who freezes it.
    pub by: AccountId,
    /// When it went on last.
    pub at: Timestamp,
}

/// What was ended of an account by freezing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedAccess {
    /// When, the last time.
    pub at: Timestamp,
    /// Login sessions.
    pub sessions: u64,
    /// API tokens.
    pub tokens: u64,
}

/// Somebody whom an incident affects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedRow {
    /// Who.
    pub patient_id: PatientId,
    /// In how many entries of the trail.
    pub times: u64,
    /// The first one's moment.
    pub first: Timestamp,
    /// The last one's moment.
    pub last: Timestamp,
    /// The classes of data that could be opened, in words with spaces between them.
    pub classes: String,
    /// The hold on their record.
    pub hold_id: Option<HoldId>,
    /// What was seen of them.
    pub seen: IncidentSeen,
    /// What became of the hold.
    pub hold: IncidentHold,
}

/// An assessment of the risk: four factors, each a choice and words.
pub struct AssessmentRow {
    /// Its number: the highest counts.
    pub nth: i64,
    /// The nature and extent of what was affected.
    pub nature: (DataNature, Sealed<assessed::NatureWords>),
    /// Who used it.
    pub recipient: (DataRecipient, Sealed<assessed::RecipientWords>),
    /// Whether it was acquired or viewed.
    pub acquired: (DataAcquired, Sealed<assessed::AcquiredWords>),
    /// To what extent the risk was mitigated.
    pub mitigated: (RiskMitigated, Sealed<assessed::MitigatedWords>),
    /// What follows.
    pub conclusion: IncidentConclusion,
    /// Who assessed it.
    pub assessed_by: AccountId,
    /// When.
    pub assessed_at: Timestamp,
}

/// The end of an incident.
pub struct ClosingRow {
    /// What was learned.
    pub lessons: Sealed<incident_closings::Lessons>,
    /// Who closed it.
    pub closed_by: AccountId,
    /// When.
    pub closed_at: Timestamp,
}

/// An incident's row as associated data sees it, and that of its end.
pub const fn row_id(incident: IncidentId) -> RowId {
    RowId::new(*incident.as_bytes())
}

/// An assessment's row as associated data sees it.
pub const fn assessment_id(incident: IncidentId, nth: i64) -> RowId {
    RowId::versioned(*incident.as_bytes(), nth.cast_unsigned())
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, incident_id, subject, subject_id, about_id, from_at, to_at, discovered_on, alert_id, what, \
             opened_by, opened_at, frozen_by, frozen_at, complete, missing, version, freezing, freezing_by, freezing_at, turn, \
             ended_at, ended_sessions, ended_tokens FROM incidents ",
            $rest
        )
    };
}

// Behind the macro, which it uses too.
pub mod freezing;

fn read(row: &Row) -> Result<IncidentRow, StoreError> {
    let incident_id = row.id(1)?;
    Ok(IncidentRow {
        practice_id: row.id(0)?,
        incident_id,
        subject: row.word(2)?,
        subject_id: row.text(3)?.to_owned(),
        about: row.opt_id(4)?,
        from: row.timestamp(5)?,
        to: row.timestamp(6)?,
        discovered_on: row.date(7)?,
        alert_id: row.opt_id(8)?,
        what: sealed(row, 9, row_id(incident_id))?,
        opened_by: row.id(10)?,
        opened_at: row.timestamp(11)?,
        frozen_by: row.opt_id(12)?,
        frozen_at: row.opt_timestamp(13)?,
        complete: row.opt_int(14)?.map(|flag| flag != 0),
        missing: row.text(15)?.to_owned(),
        version: row.int(16)?,
        freezing: match (row.opt_word(17)?, row.opt_id(18)?, row.opt_timestamp(19)?) {
            (Some(stage), Some(by), Some(at)) => Some(Freezing { stage, by, at }),
            _ => None,
        },
        turn: row.int(20)?,
        ended: match row.opt_timestamp(21)? {
            Some(at) => Some(EndedAccess { at, sessions: row.number(22)?, tokens: row.number(23)? }),
            None => None,
        },
    })
}

/// One incident.
pub async fn by_id(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<Option<IncidentRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND incident_id = $2");
    db.optional(sql, &[practice.into(), incident.into()]).await?.as_ref().map(read).transpose()
}

/// The newest incidents of a practice, up to `most`.
pub async fn newest(db: &Db, practice: PracticeId, most: i64) -> Result<Vec<IncidentRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 ORDER BY discovered_on DESC, incident_id DESC LIMIT $2");
    db.rows(sql, &[practice.into(), most.into()]).await?.iter().map(read).collect()
}

/// The incidents of a practice that were discovered from one day up to another.
pub async fn discovered(db: &Db, practice: PracticeId, from: Date, to: Date) -> Result<Vec<IncidentRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND discovered_on >= $2 AND discovered_on <= $3 ORDER BY discovered_on, incident_id"
    );
    db.rows(sql, &[practice.into(), from.into(), to.into()]).await?.iter().map(read).collect()
}

/// Adds an incident.
pub fn insert(batch: Batch, row: &IncidentRow) -> Batch {
    const SQL: &str = "INSERT INTO incidents (practice_id, incident_id, subject, subject_id, about_id, from_at, to_at, \
                       discovered_on, alert_id, what, opened_by, opened_at, version) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let params = &[
        row.practice_id.into(),
        row.incident_id.into(),
        row.subject.word().into(),
        (&row.subject_id).into(),
        row.about.into(),
        row.from.into(),
        row.to.into(),
        row.discovered_on.into(),
        row.alert_id.into(),
        row.what.as_bytes().into(),
        row.opened_by.into(),
        row.opened_at.into(),
        row.version.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Makes a batch a conflict where anything was done about an incident since it stood at this version: what may be done next
/// follows from what was seen.
pub fn moves_on(batch: Batch, row: &IncidentRow) -> Batch {
    const SQL: &str = "UPDATE incidents SET version = version + 1 \
                       WHERE practice_id = $1 AND incident_id = $2 AND version = $3";
    batch.run(SQL, &[row.practice_id.into(), row.incident_id.into(), row.version.into()]).expect(1)
}

/// Whom an incident affects, by id.
pub async fn affected(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<Vec<AffectedRow>, StoreError> {
    const SQL: &str = "SELECT p.patient_id, p.times, p.first_at, p.last_at, p.classes, p.hold_id, p.seen, p.hold, h.lifted_at \
                       FROM incident_patients p LEFT JOIN legal_holds h \
                       ON h.practice_id = p.practice_id AND h.hold_id = p.hold_id \
                       WHERE p.practice_id = $1 AND p.incident_id = $2 ORDER BY p.patient_id";
    db.rows(SQL, &[practice.into(), incident.into()]).await?.iter().map(read_affected).collect()
}

fn read_affected(row: &Row) -> Result<AffectedRow, StoreError> {
    let (hold, lifted_at) = (row.word(7)?, row.opt_timestamp(8)?);
    Ok(AffectedRow {
        patient_id: row.id(0)?,
        times: row.number(1)?,
        first: row.timestamp(2)?,
        last: row.timestamp(3)?,
        classes: row.text(4)?.to_owned(),
        hold_id: row.opt_id(5)?,
        seen: row.word(6)?,
        // Whoever lifts a hold knows nothing of incidents: the hold itself says so.
        hold: if hold == IncidentHold::Held && lifted_at.is_some() { IncidentHold::Lifted } else { hold },
    })
}

/// How many an incident affects.
pub async fn count_affected(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM incident_patients WHERE practice_id = $1 AND incident_id = $2";
    db.one(SQL, &[practice.into(), incident.into()]).await?.number(0)
}

/// The assessments of an incident, in their order.
pub async fn assessments(
    db: &Db,
    practice: PracticeId,
    incident: IncidentId,
) -> Result<Vec<AssessmentRow>, StoreError> {
    const SQL: &str = "SELECT nth, nature, nature_words, recipient, recipient_words, acquired, acquired_words, mitigated, \
                       mitigated_words, conclusion, assessed_by, assessed_at FROM incident_assessments \
                       WHERE practice_id = $1 AND incident_id = $2 ORDER BY nth";
    let read = |row: &Row| {
        let nth = row.int(0)?;
        let id = assessment_id(incident, nth);
        Ok(AssessmentRow {
            nth,
            nature: (row.word(1)?, sealed(row, 2, id)?),
            recipient: (row.word(3)?, sealed(row, 4, id)?),
            acquired: (row.word(5)?, sealed(row, 6, id)?),
            mitigated: (row.word(7)?, sealed(row, 8, id)?),
            conclusion: row.word(9)?,
            assessed_by: row.id(10)?,
            assessed_at: row.timestamp(11)?,
        })
    };
    db.rows(SQL, &[practice.into(), incident.into()]).await?.iter().map(read).collect()
}

/// Adds an assessment.
pub fn assess(batch: Batch, (practice, incident): (PracticeId, IncidentId), row: &AssessmentRow) -> Batch {
    const SQL: &str = "INSERT INTO incident_assessments (practice_id, incident_id, nth, nature, nature_words, recipient, \
                       recipient_words, acquired, acquired_words, mitigated, mitigated_words, conclusion, assessed_by, \
                       assessed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let params: &[Param<'_>] = &[
        practice.into(),
        incident.into(),
        row.nth.into(),
        row.nature.0.word().into(),
        row.nature.1.as_bytes().into(),
        row.recipient.0.word().into(),
        row.recipient.1.as_bytes().into(),
        row.acquired.0.word().into(),
        row.acquired.1.as_bytes().into(),
        row.mitigated.0.word().into(),
        row.mitigated.1.as_bytes().into(),
        row.conclusion.word().into(),
        row.assessed_by.into(),
        row.assessed_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// The end of an incident, if it has one.
pub async fn closing(db: &Db, practice: PracticeId, incident: IncidentId) -> Result<Option<ClosingRow>, StoreError> {
    const SQL: &str = "SELECT lessons, closed_by, closed_at FROM incident_closings \
                       WHERE practice_id = $1 AND incident_id = $2";
    let read = |row: &Row| {
        Ok(ClosingRow {
            lessons: sealed(row, 0, row_id(incident))?,
            closed_by: row.id(1)?,
            closed_at: row.timestamp(2)?,
        })
    };
    db.optional(SQL, &[practice.into(), incident.into()]).await?.as_ref().map(read).transpose()
}

/// Ends an incident.
pub fn close(batch: Batch, (practice, incident): (PracticeId, IncidentId), row: &ClosingRow) -> Batch {
    const SQL: &str = "INSERT INTO incident_closings (practice_id, incident_id, lessons, closed_by, closed_at) \
                       VALUES ($1, $2, $3, $4, $5)";
    let params: &[Param<'_>] =
        &[practice.into(), incident.into(), row.lessons.as_bytes().into(), row.closed_by.into(), row.closed_at.into()];
    batch.run(SQL, params).expect(1)
}
