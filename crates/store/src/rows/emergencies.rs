//! Records that were opened in an emergency: by whom, why, until when, and who looked into that.

use super::sealed;
use crate::{
    Batch, Db, Row, StoreError,
    rows::merges::{goes_on_as, is_ending},
};
use domain::{AccountId, EmergencyFinding, EmergencyId, LoginSessionId, PatientId, PracticeId, Timestamp};
use phi::{
    RowId, Sealed,
    fields::emergencies::{Reason, Words},
};

/// A record that was opened in an emergency.
pub struct EmergencyRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The opening.
    pub emergency_id: EmergencyId,
    /// Whose record.
    pub patient_id: PatientId,
    /// Who opened it.
    pub account_id: AccountId,
    /// The login session in which it is open; moves on with it when a factor is proven again.
    pub login_session_id: LoginSessionId,
    /// Why.
    pub reason: Sealed<Reason>,
    /// When.
    pub opened_at: Timestamp,
    /// When it closes by itself.
    pub expires_at: Timestamp,
    /// When it was closed early.
    pub ended_at: Option<Timestamp>,
    /// Until when somebody else is to sign.
    pub sign_by: Timestamp,
    /// When it was told that nobody had.
    pub escalated_at: Option<Timestamp>,
    /// Who looked into it; none while nobody did.
    pub signed: Option<SignedRow>,
}

/// What somebody found who looked into it.
pub struct SignedRow {
    /// Who.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
    /// Whether it was justified.
    pub finding: EmergencyFinding,
    /// What was found.
    pub words: Sealed<Words>,
}

impl EmergencyRow {
    /// The row as associated data sees it.
    pub const fn row_id(emergency: EmergencyId) -> RowId {
        RowId::new(*emergency.as_bytes())
    }
    /// When it was closed, or closes by itself.
    pub fn closes_at(&self) -> Timestamp {
        self.ended_at.unwrap_or(self.expires_at)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, emergency_id, patient_id, account_id, login_session_id, reason, opened_at, expires_at, \
             ended_at, sign_by, escalated_at, signed_by, signed_at, finding, words FROM emergencies ",
            $rest
        )
    };
}

/// One of them.
pub async fn by_id(db: &Db, practice: PracticeId, emergency: EmergencyId) -> Result<Option<EmergencyRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND emergency_id = $2");
    db.optional(sql, &[practice.into(), emergency.into()]).await?.as_ref().map(read).transpose()
}

/// What is open at a moment in a login session, in the order in which it ends; at most 50.
pub async fn open_in(
    db: &Db,
    practice: PracticeId,
    session: LoginSessionId,
    at: Timestamp,
) -> Result<Vec<EmergencyRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND login_session_id = $2 AND ended_at IS NULL AND expires_at > $3 \
         ORDER BY expires_at, emergency_id LIMIT 50"
    );
    db.rows(sql, &[practice.into(), session.into(), at.into()]).await?.iter().map(read).collect()
}

/// Whose records an account has open at a moment, in any session, and until when.
pub async fn open_to(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    at: Timestamp,
) -> Result<Vec<(PatientId, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT patient_id, MAX(expires_at) FROM emergencies WHERE practice_id = $1 AND account_id = $2 \
                       AND ended_at IS NULL AND opened_at <= $3 AND expires_at > $3 GROUP BY patient_id ORDER BY patient_id";
    let rows = db.rows(SQL, &[practice.into(), account.into(), at.into()]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.timestamp(1)?))).collect()
}

/// Who has a record open at a moment in a login session that is there, from when to when.
pub async fn open_on(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    at: Timestamp,
) -> Result<Vec<(AccountId, Timestamp, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT g.account_id, g.opened_at, g.expires_at FROM emergencies g, login_sessions s \
                       WHERE g.practice_id = $1 AND g.patient_id = $2 AND g.ended_at IS NULL AND g.opened_at <= $3 \
                       AND g.expires_at > $3 AND s.practice_id = $1 AND s.account_id = g.account_id \
                       AND s.login_session_id = g.login_session_id ORDER BY g.opened_at, g.emergency_id";
    let rows = db.rows(SQL, &[practice.into(), patient.into(), at.into()]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.timestamp(1)?, row.timestamp(2)?))).collect()
}

/// That a record, or another of the same person, was opened and nobody has signed for it: a condition for both databases.
macro_rules! is_unsigned {
    ($practice:literal, $patient:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM emergencies g WHERE g.practice_id = ",
            $practice,
            " AND g.signed_at IS NULL AND ",
            $crate::rows::merges::goes_on_as!($practice, "g.patient_id"),
            " = ",
            $crate::rows::merges::goes_on_as!($practice, $patient),
            ")"
        )
    };
}
pub(super) use is_unsigned;

/// Whether a record, or another of the same person, was opened by anybody, and nobody has signed for it.
pub async fn waits(db: &Db, practice: PracticeId, patient: PatientId) -> Result<bool, StoreError> {
    const SQL: &str = concat!("SELECT CASE WHEN ", is_unsigned!("$1", "$2"), " THEN 1 ELSE 0 END");
    db.one(SQL, &[practice.into(), patient.into()]).await?.flag(0)
}

/// Whether an account opened a record, or another of the same person, and nobody has signed for it.
pub async fn waits_for(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    patient: PatientId,
) -> Result<bool, StoreError> {
    const SQL: &str = concat!(
        "SELECT COUNT(*) FROM emergencies g WHERE g.practice_id = $1 AND g.account_id = $2 AND g.signed_at IS NULL AND ",
        goes_on_as!("$1", "g.patient_id"),
        " = ",
        goes_on_as!("$1", "$3"),
    );
    db.one(SQL, &[practice.into(), account.into(), patient.into()]).await?.flag(0)
}

/// Up to `limit` of a practice that were opened from a moment on and before another, by id, behind one.
pub async fn opened_between(
    db: &Db,
    practice: PracticeId,
    (from, to): (Timestamp, Timestamp),
    after: EmergencyId,
    limit: i64,
) -> Result<Vec<EmergencyRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND opened_at >= $2 AND opened_at < $3 AND emergency_id > $4 \
         ORDER BY emergency_id LIMIT $5"
    );
    let params = &[practice.into(), from.into(), to.into(), after.into(), limit.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
}

/// Up to `limit` of a practice for which nobody has signed, those first that were to be signed first, behind one.
pub async fn unsigned(
    db: &Db,
    practice: PracticeId,
    (sign_by, after): (Timestamp, EmergencyId),
    limit: i64,
) -> Result<Vec<EmergencyRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND signed_at IS NULL AND (sign_by > $2 OR (sign_by = $2 AND emergency_id > $3)) \
         ORDER BY sign_by, emergency_id LIMIT $4"
    );
    let params = &[practice.into(), sign_by.into(), after.into(), limit.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
}

/// Up to `limit` of a practice for which somebody signed, newest first, before one.
pub async fn signed(
    db: &Db,
    practice: PracticeId,
    (opened_at, before): (Timestamp, EmergencyId),
    limit: i64,
) -> Result<Vec<EmergencyRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND signed_at IS NOT NULL AND (opened_at < $2 OR (opened_at = $2 AND emergency_id < $3)) \
         ORDER BY opened_at DESC, emergency_id DESC LIMIT $4"
    );
    let params = &[practice.into(), opened_at.into(), before.into(), limit.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
}

/// Those of all practices whose time to be signed is over and of which that was not told, nor taken in hand to be told within the last
/// minute; at most 100.
pub async fn overdue(db: &Db, at: Timestamp) -> Result<Vec<EmergencyRow>, StoreError> {
    let sql = select!(
        "WHERE signed_at IS NULL AND escalated_at IS NULL AND sign_by <= $1 \
         AND (escalating_at IS NULL OR escalating_at <= $1 - 60000) ORDER BY sign_by, emergency_id LIMIT 100"
    );
    db.rows(sql, &[at.into()]).await?.iter().map(read).collect()
}

/// How many of a practice nobody signed for in time.
pub async fn count_overdue(db: &Db, practice: PracticeId, at: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM emergencies WHERE practice_id = $1 AND signed_at IS NULL AND sign_by <= $2";
    db.one(SQL, &[practice.into(), at.into()]).await?.number(0)
}

/// Opens a record. A conflict where it is open in this login session already, and while it, or another of the same person, is being
/// destroyed.
pub fn insert(batch: Batch, row: &EmergencyRow) -> Batch {
    const SQL: &str = concat!(
        "INSERT INTO emergencies (practice_id, emergency_id, patient_id, account_id, login_session_id, \
                       reason, opened_at, expires_at, sign_by) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 \
                       WHERE NOT EXISTS (SELECT 1 FROM emergencies g WHERE g.practice_id = $1 AND g.patient_id = $3 \
                       AND g.login_session_id = $5 AND g.ended_at IS NULL AND g.expires_at > $7) AND NOT ",
        is_ending!("$1", "$3"),
    );
    let params = &[
        row.practice_id.into(),
        row.emergency_id.into(),
        row.patient_id.into(),
        row.account_id.into(),
        row.login_session_id.into(),
        row.reason.as_bytes().into(),
        row.opened_at.into(),
        row.expires_at.into(),
        row.sign_by.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Closes a record before its hour is over: a conflict where it is not open to this account any more.
pub fn end(batch: Batch, practice: PracticeId, emergency: EmergencyId, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE emergencies SET ended_at = $1 WHERE practice_id = $2 AND emergency_id = $3 \
                       AND account_id = $4 AND ended_at IS NULL AND expires_at > $1";
    batch.run(SQL, &[at.into(), practice.into(), emergency.into(), by.into()]).expect(1)
}

/// What is open goes on in the session that takes the place of another.
pub fn move_on(batch: Batch, practice: PracticeId, from: LoginSessionId, to: LoginSessionId) -> Batch {
    const SQL: &str = "UPDATE emergencies SET login_session_id = $1 WHERE practice_id = $2 AND login_session_id = $3";
    batch.run(SQL, &[to.into(), practice.into(), from.into()])
}

/// Takes one in hand, to tell that nobody signed in time: a conflict where another server did so within the last minute
/// (60,000 ms), where it was told, and where somebody signed.
pub fn take_in_hand(batch: Batch, practice: PracticeId, emergency: EmergencyId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE emergencies SET escalating_at = $1 WHERE practice_id = $2 AND emergency_id = $3 \
                       AND escalated_at IS NULL AND signed_at IS NULL \
                       AND (escalating_at IS NULL OR escalating_at <= $1 - 60000)";
    batch.run(SQL, &[at.into(), practice.into(), emergency.into()]).expect(1)
}

/// Marks that it was told that nobody had signed in time, once.
pub fn escalate(batch: Batch, practice: PracticeId, emergency: EmergencyId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE emergencies SET escalated_at = $1 WHERE practice_id = $2 AND emergency_id = $3 \
                       AND escalated_at IS NULL AND signed_at IS NULL";
    batch.run(SQL, &[at.into(), practice.into(), emergency.into()])
}

/// Signs for having looked into it: a conflict where somebody did already, or for whoever opened it.
pub fn sign(batch: Batch, practice: PracticeId, emergency: EmergencyId, signed: &SignedRow) -> Batch {
    const SQL: &str = "UPDATE emergencies SET signed_by = $1, signed_at = $2, finding = $3, words = $4 \
                       WHERE practice_id = $5 AND emergency_id = $6 AND signed_at IS NULL AND account_id <> $1";
    let params = &[
        signed.by.into(),
        signed.at.into(),
        signed.finding.word().into(),
        signed.words.as_bytes().into(),
        practice.into(),
        emergency.into(),
    ];
    batch.run(SQL, params).expect(1)
}

fn read(row: &Row) -> Result<EmergencyRow, StoreError> {
    let emergency_id = row.id(1)?;
    let id = EmergencyRow::row_id(emergency_id);
    let by: Option<AccountId> = row.opt_id(11)?;
    let signed = match (by, row.opt_timestamp(12)?, row.opt_word(13)?) {
        (Some(by), Some(at), Some(finding)) => Some(SignedRow { by, at, finding, words: sealed(row, 14, id)? }),
        _ => None,
    };
    Ok(EmergencyRow {
        practice_id: row.id(0)?,
        emergency_id,
        patient_id: row.id(2)?,
        account_id: row.id(3)?,
        login_session_id: row.id(4)?,
        reason: sealed(row, 5, id)?,
        opened_at: row.timestamp(6)?,
        expires_at: row.timestamp(7)?,
        ended_at: row.opt_timestamp(8)?,
        sign_by: row.timestamp(9)?,
        escalated_at: row.opt_timestamp(10)?,
        signed,
    })
}
