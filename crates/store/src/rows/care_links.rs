//! Care teams: who treats whom, from when to when.

use crate::{Batch, Db, Param, Row, StoreError, rows::merges::goes_on_as};
use domain::{AccountId, CareLinkId, Invalid, LoginSessionId, PatientId, PracticeId, Timestamp};
use phi::Ties;

/// How somebody came to be on a care team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CareKind {
    /// The patient's own therapist.
    Assigned,
    /// Standing in for one.
    Covering,
}

impl CareKind {
    /// The word under which it is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Covering => "covering",
        }
    }
}

impl std::str::FromStr for CareKind {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "assigned" => Ok(Self::Assigned),
            "covering" => Ok(Self::Covering),
            _ => Err(Invalid::new("is not assigned or covering")),
        }
    }
}

/// A place in a care team. Runs from `starts_at` up to, not including, `ends_at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareLinkRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The link.
    pub care_link_id: CareLinkId,
    /// The patient.
    pub patient_id: PatientId,
    /// The member.
    pub account_id: AccountId,
    /// How they came to it.
    pub kind: CareKind,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when; none while open.
    pub ends_at: Option<Timestamp>,
    /// Who set it.
    pub created_by: AccountId,
    /// When it was set.
    pub created_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, care_link_id, patient_id, account_id, kind, starts_at, ends_at, created_by, \
             created_at FROM care_links ",
            $rest
        )
    };
}

/// Which places cover one that begins and ends at $5 and $6; the clocks of two servers differ by less than the minute
/// (60,000 ms).
macro_rules! covers {
    () => {
        "WHERE practice_id = $1 AND patient_id = $2 AND account_id = $3 AND kind = $4 AND starts_at <= $5 + 60000 \
         AND (ends_at IS NULL OR ends_at >= $6)"
    };
}

fn covered(row: &CareLinkRow) -> [Param<'_>; 6] {
    // What has no end is covered by nothing that has one.
    let until = row.ends_at.unwrap_or(Timestamp::MAX);
    let (practice, patient, account) = (row.practice_id.into(), row.patient_id.into(), row.account_id.into());
    [practice, patient, account, row.kind.word().into(), row.starts_at.into(), until.into()]
}

/// How an account stands to a patient at a moment, in one question, for every request asks it. For a record that was made
/// twice, the care team is that of the patient as whom it goes on; what was asked about any record of a person holds for all. What was opened
/// in an emergency is open in its login session, as long as that lasts, and never for more than an hour (3,600,000 ms), whatever its
/// row says; without a session, in any of the account.
pub async fn ties(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    session: Option<LoginSessionId>,
    patient: PatientId,
    at: Timestamp,
) -> Result<Ties, StoreError> {
    const SQL: &str = concat!(
        "WITH whose(patient_id) AS (SELECT ",
        goes_on_as!("$1", "$2"),
        "), person(patient_id) AS (SELECT patient_id FROM whose UNION SELECT m.patient_id \
         FROM patient_merges m, whose w WHERE m.practice_id = $1 AND m.into_patient = w.patient_id \
         AND m.number = (SELECT MAX(n.number) FROM patient_merges n WHERE n.practice_id = $1 \
         AND n.patient_id = m.patient_id)), \
         kept(what, account_id) AS (SELECT r.what, r.account_id FROM restrictions r, person p \
         WHERE r.practice_id = $1 AND r.patient_id = p.patient_id AND r.answer = 'agreed' \
         AND NOT EXISTS (SELECT 1 FROM restrictions e WHERE e.practice_id = $1 \
         AND e.ends = r.restriction_id)) \
         SELECT (SELECT MAX(CASE WHEN l.kind = 'assigned' THEN 2 ELSE 1 END) FROM care_links l, whose w \
         WHERE l.practice_id = $1 AND l.account_id = $3 AND l.patient_id = w.patient_id \
         AND l.starts_at <= $4 AND (l.ends_at IS NULL OR l.ends_at > $4)), \
         (SELECT COUNT(*) FROM kept WHERE what = 'account' AND account_id = $3), \
         (SELECT COUNT(*) FROM kept WHERE what = 'notes'), \
         (SELECT NULLIF(patient_id, $2) FROM whose), \
         (SELECT COUNT(*) FROM retention_items i WHERE i.practice_id = $1 AND i.patient_id = $2 \
         AND i.step NOT IN ('planned', 'spared', 'listing', 'certified')), \
         (SELECT COUNT(*) FROM emergencies g, login_sessions s WHERE g.practice_id = $1 AND g.patient_id = $2 \
         AND g.account_id = $3 AND g.opened_at <= $4 AND g.opened_at > $4 - 3600000 AND g.expires_at > $4 \
         AND g.ended_at IS NULL \
         AND (g.login_session_id = $5 OR $5 IS NULL) AND s.practice_id = $1 AND s.account_id = $3 \
         AND s.login_session_id = g.login_session_id)"
    );
    let params = &[practice.into(), patient.into(), account.into(), at.into(), session.into()];
    let row = db.one(SQL, params).await?;
    let place = row.opt_int(0)?;
    Ok(Ties {
        member: place.is_some(),
        assigned: place == Some(2),
        kept_away: row.flag(1)?,
        notes_withheld: row.flag(2)?,
        merged_into: row.opt_id(3)?,
        condemned: row.flag(4)?,
        glass: row.flag(5)?,
    })
}

/// Up to `limit` patients after `after` whose care team the account is on at a moment, in the order of their ids.
pub async fn patients_of(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    at: Timestamp,
    after: PatientId,
    limit: i64,
) -> Result<Vec<PatientId>, StoreError> {
    const SQL: &str = "SELECT DISTINCT patient_id FROM care_links WHERE practice_id = $1 AND account_id = $2 \
                       AND starts_at <= $3 AND (ends_at IS NULL OR ends_at > $3) AND patient_id > $4 \
                       ORDER BY patient_id LIMIT $5";
    let params = &[practice.into(), account.into(), at.into(), after.into(), limit.into()];
    db.rows(SQL, params).await?.iter().map(|row| row.id(0)).collect()
}

/// The care team of a patient, past members too, newest first.
pub async fn of_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<CareLinkRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND patient_id = $2 ORDER BY starts_at DESC, care_link_id LIMIT 200");
    db.rows(sql, &[practice.into(), patient.into()]).await?.iter().map(read).collect()
}

/// The places of an account that are in force at a moment.
pub async fn of_account(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    at: Timestamp,
) -> Result<Vec<CareLinkRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND account_id = $2 AND starts_at <= $3 AND (ends_at IS NULL OR ends_at > $3) \
         ORDER BY patient_id, starts_at"
    );
    db.rows(sql, &[practice.into(), account.into(), at.into()]).await?.iter().map(read).collect()
}

/// One place.
pub async fn by_id(db: &Db, practice: PracticeId, link: CareLinkId) -> Result<Option<CareLinkRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND care_link_id = $2");
    db.optional(sql, &[practice.into(), link.into()]).await?.as_ref().map(read).transpose()
}

/// Up to `limit` places of the practice after one that have not ended at a moment, those too that have not begun; in the
/// order of their ids.
pub async fn not_ended(
    db: &Db,
    practice: PracticeId,
    at: Timestamp,
    after: CareLinkId,
    limit: i64,
) -> Result<Vec<CareLinkRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND (ends_at IS NULL OR ends_at > $2) AND care_link_id > $3 \
         ORDER BY care_link_id LIMIT $4"
    );
    let params = &[practice.into(), at.into(), after.into(), limit.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
}

/// A place that covers another of the same account and kind: begun by then, give or take a minute, and open as long. None
/// where somebody would get something by that other one.
pub async fn covering(db: &Db, row: &CareLinkRow) -> Result<Option<CareLinkId>, StoreError> {
    const SQL: &str =
        concat!("SELECT care_link_id FROM care_links ", covers!(), " ORDER BY starts_at, care_link_id LIMIT 1");
    let found = db.optional(SQL, &covered(row)).await?;
    found.map(|found| found.id(0)).transpose()
}

/// Makes a batch a conflict where a place [covers](covering) this one: whoever was given it twice would keep one when the
/// other is ended.
pub fn is_new(batch: Batch, row: &CareLinkRow) -> Batch {
    // Must find nothing: a row that it would remove makes the whole batch a conflict, and stays.
    const SQL: &str = concat!("DELETE FROM care_links ", covers!());
    batch.run(SQL, &covered(row)).expect(0)
}

/// Adds a link.
pub fn insert(batch: Batch, row: &CareLinkRow) -> Batch {
    const SQL: &str = "INSERT INTO care_links (practice_id, care_link_id, patient_id, account_id, kind, starts_at, \
                       ends_at, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let params = &[
        row.practice_id.into(),
        row.care_link_id.into(),
        row.patient_id.into(),
        row.account_id.into(),
        row.kind.word().into(),
        row.starts_at.into(),
        row.ends_at.into(),
        row.created_by.into(),
        row.created_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Ends a link that is open at this moment.
pub fn end(batch: Batch, practice: PracticeId, patient: PatientId, link: CareLinkId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE care_links SET ends_at = $1 WHERE practice_id = $2 AND patient_id = $3 \
                       AND care_link_id = $4 AND (ends_at IS NULL OR ends_at > $1)";
    batch.run(SQL, &[at.into(), practice.into(), patient.into(), link.into()]).expect(1)
}

/// Makes a batch a conflict where a link has ended by this moment.
pub fn hold(batch: Batch, practice: PracticeId, link: CareLinkId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE care_links SET ends_at = ends_at \
                       WHERE practice_id = $1 AND care_link_id = $2 AND (ends_at IS NULL OR ends_at > $3)";
    batch.run(SQL, &[practice.into(), link.into(), at.into()]).expect(1)
}

fn read(row: &Row) -> Result<CareLinkRow, StoreError> {
    Ok(CareLinkRow {
        practice_id: row.id(0)?,
        care_link_id: row.id(1)?,
        patient_id: row.id(2)?,
        account_id: row.id(3)?,
        kind: row.word(4)?,
        starts_at: row.timestamp(5)?,
        ends_at: row.opt_timestamp(6)?,
        created_by: row.id(7)?,
        created_at: row.timestamp(8)?,
    })
}
