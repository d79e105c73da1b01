//! Login sessions.

use super::accounts;
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, LoginSessionId, PracticeId, Timestamp};
use identity::{AccountClaims, FactorUse, SessionRecord};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT token_hash, practice_id, account_id, login_session_id, role, patient_id, created_at, factor, \
             factor_at, last_seen_at, mac, factor_asked_at FROM login_sessions ",
            $rest
        )
    };
}

/// The session with this token, and what its account is now; none when there is no such session, or its account is gone.
/// One query, for every request begins with it.
pub async fn with_account(
    db: &Db,
    token_hash: &[u8; 32],
) -> Result<Option<(SessionRecord, AccountClaims)>, StoreError> {
    const SQL: &str = "SELECT s.token_hash, s.practice_id, s.account_id, s.login_session_id, s.role, s.patient_id, \
                       s.created_at, s.factor, s.factor_at, s.last_seen_at, s.mac, s.factor_asked_at, a.role, a.patient_id, a.state \
                       FROM login_sessions s JOIN accounts a \
                       ON a.practice_id = s.practice_id AND a.account_id = s.account_id WHERE s.token_hash = $1";
    let Some(row) = db.optional(SQL, &[token_hash.into()]).await? else { return Ok(None) };
    let record = read(&row)?;
    let (practice, account) = (record.practice, record.account);
    Ok(Some((record, accounts::claims_at(&row, 12, practice, account)?)))
}

/// All sessions of an account, newest first.
pub async fn of_account(db: &Db, practice: PracticeId, account: AccountId) -> Result<Vec<SessionRecord>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id = $2 ORDER BY created_at DESC LIMIT 200");
    db.rows(sql, &[practice.into(), account.into()]).await?.iter().map(read).collect()
}

/// One session of an account.
pub async fn by_id(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    session: LoginSessionId,
) -> Result<Option<SessionRecord>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND account_id = $2 AND login_session_id = $3");
    db.optional(sql, &[practice.into(), account.into(), session.into()]).await?.as_ref().map(read).transpose()
}

/// Whether an account has this session.
pub async fn is_there(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    session: LoginSessionId,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM login_sessions \
                       WHERE practice_id = $1 AND account_id = $2 AND login_session_id = $3";
    Ok(db.one(SQL, &[practice.into(), account.into(), session.into()]).await?.int(0)? > 0)
}

/// Adds a session.
pub fn insert(batch: Batch, record: &SessionRecord) -> Batch {
    const SQL: &str = "INSERT INTO login_sessions (token_hash, practice_id, account_id, login_session_id, role, \
                       patient_id, created_at, factor, factor_at, last_seen_at, mac, factor_asked_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let params = &[
        (&record.token_hash).into(),
        record.practice.into(),
        record.account.into(),
        record.id.into(),
        record.role.word().into(),
        record.patient.into(),
        record.created_at.into(),
        record.factor.map(|factor| factor.kind.word()).into(),
        record.factor.map(|factor| factor.at).into(),
        record.last_seen.into(),
        (&record.mac).into(),
        record.factor_asked_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Brings `last_seen` up to date, unless the session was ended in the meantime, or a factor was asked for in it.
pub fn touch(batch: Batch, record: &SessionRecord) -> Batch {
    const SQL: &str = "UPDATE login_sessions SET last_seen_at = $1, mac = $2 \
                       WHERE token_hash = $3 AND COALESCE(factor_asked_at, 0) = $4";
    let params = &[
        record.last_seen.into(),
        (&record.mac).into(),
        (&record.token_hash).into(),
        or_zero(record.factor_asked_at).into(),
    ];
    batch.run(SQL, params)
}

/// Asks for a factor in a session, which must still be as it was read.
pub fn ask_factor(batch: Batch, was: &SessionRecord, asked: &SessionRecord) -> Batch {
    const SQL: &str = "UPDATE login_sessions SET factor_asked_at = $1, mac = $2 WHERE token_hash = $3 AND mac = $4";
    let params = &[asked.factor_asked_at.into(), (&asked.mac).into(), (&was.token_hash).into(), (&was.mac).into()];
    batch.run(SQL, params).expect(1)
}

/// Makes a batch a conflict when the session in which it was asked for has ended meanwhile, or its factor is to be proven
/// again: what signs in is not changed behind a reset or a sign-out that came in between.
pub fn hold(batch: Batch, practice: PracticeId, account: AccountId, session: LoginSessionId) -> Batch {
    const SQL: &str = "UPDATE login_sessions SET last_seen_at = last_seen_at \
                       WHERE practice_id = $1 AND account_id = $2 AND login_session_id = $3 \
                       AND factor_asked_at IS NULL";
    batch.run(SQL, &[practice.into(), account.into(), session.into()]).expect(1)
}

/// Ends a session that must still be there.
pub fn end_there(batch: Batch, practice: PracticeId, account: AccountId, session: LoginSessionId) -> Batch {
    end(batch, practice, account, session).expect(1)
}

/// Ends a session that goes on under another id, exactly once. A conflict too when a factor was asked for in it since it was
/// read: the proof that came before that does not answer it.
pub fn rotate_out(
    batch: Batch,
    practice: PracticeId,
    account: AccountId,
    session: LoginSessionId,
    factor_asked_at: Option<Timestamp>,
) -> Batch {
    const SQL: &str = "DELETE FROM login_sessions WHERE practice_id = $1 AND account_id = $2 AND login_session_id = $3 \
                       AND COALESCE(factor_asked_at, 0) = $4";
    let asked = or_zero(factor_asked_at);
    batch.run(SQL, &[practice.into(), account.into(), session.into(), asked.into()]).expect(1)
}

/// As a statement compares it: nobody asks in 1970.
fn or_zero(factor_asked_at: Option<Timestamp>) -> Timestamp {
    factor_asked_at.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Ends a session, if it is still there.
pub fn end(batch: Batch, practice: PracticeId, account: AccountId, session: LoginSessionId) -> Batch {
    const SQL: &str = "DELETE FROM login_sessions WHERE practice_id = $1 AND account_id = $2 AND login_session_id = $3";
    batch.run(SQL, &[practice.into(), account.into(), session.into()])
}

/// Sweeps out sessions of an account that began before a moment, and so are over.
pub fn sweep(batch: Batch, practice: PracticeId, account: AccountId, begun_before: Timestamp) -> Batch {
    const SQL: &str = "DELETE FROM login_sessions WHERE practice_id = $1 AND account_id = $2 AND created_at < $3";
    batch.run(SQL, &[practice.into(), account.into(), begun_before.into()])
}

/// Ends every session of an account but one.
pub fn end_others(batch: Batch, practice: PracticeId, account: AccountId, kept: LoginSessionId) -> Batch {
    const SQL: &str = "DELETE FROM login_sessions \
                       WHERE practice_id = $1 AND account_id = $2 AND login_session_id <> $3";
    batch.run(SQL, &[practice.into(), account.into(), kept.into()])
}

/// Ends every session of an account.
pub fn end_all(batch: Batch, practice: PracticeId, account: AccountId) -> Batch {
    const SQL: &str = "DELETE FROM login_sessions WHERE practice_id = $1 AND account_id = $2";
    batch.run(SQL, &[practice.into(), account.into()])
}

fn read(row: &Row) -> Result<SessionRecord, StoreError> {
    let factor = match (row.opt_word(7)?, row.opt_timestamp(8)?) {
        (Some(kind), Some(at)) => Some(FactorUse { kind, at }),
        _ => None,
    };
    Ok(SessionRecord {
        token_hash: row.array(0)?,
        practice: row.id(1)?,
        account: row.id(2)?,
        id: row.id(3)?,
        role: row.word(4)?,
        patient: row.opt_id(5)?,
        created_at: row.timestamp(6)?,
        factor,
        last_seen: row.timestamp(9)?,
        mac: row.array(10)?,
        factor_asked_at: row.opt_timestamp(11)?,
    })
}
