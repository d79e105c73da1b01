//! One's own login sessions: list, end one, end all.

use super::{AccountError, own, person, record};
use crate::{Actor, Event, House, sign_in::login_session};
use domain::{AccountId, LoginSessionId, PracticeId, Role, Timestamp};
use identity::{FactorKind, Full, Origin, Session};
use ledger::Word;
use store::{
    Batch, StoreError,
    rows::{accounts, api_tokens, login_sessions},
};

/// A login session, as its owner sees it.
pub struct SessionView {
    /// The session.
    pub session_id: LoginSessionId,
    /// When the password was proven.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen: Timestamp,
    /// The factor that was proven last; none while only the password was.
    pub factor: Option<FactorKind>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// One's own sessions that are not over, newest first.
pub async fn sessions(house: &House, session: &Session<Full>) -> Result<Vec<SessionView>, AccountError> {
    person(session)?;
    let (now, limits) = (house.clock.now(), house.sessions.limits());
    let idle = if session.role() == Role::Patient { limits.idle_patient } else { limits.idle_staff };
    let lives = |from: Timestamp, limit| from.checked_add(limit).is_ok_and(|end| end > now);
    let records = login_sessions::of_account(&house.stores.identity, session.practice(), session.account()).await?;
    let view = |record: identity::SessionRecord| {
        let whole = if record.factor.is_some() { limits.absolute } else { limits.half };
        (lives(record.created_at, whole) && lives(record.last_seen, idle)).then(|| SessionView {
            session_id: record.id,
            created_at: record.created_at,
            last_seen: record.last_seen,
            factor: record.factor.map(|factor| factor.kind),
            current: record.id == session.id(),
        })
    };
    Ok(records.into_iter().filter_map(view).collect())
}

/// Ends one of one's own sessions, if it is still there.
pub async fn end_session(house: &House, session: &Session<Full>, ended: LoginSessionId) -> Result<(), AccountError> {
    person(session)?;
    let (practice, account) = (session.practice(), session.account());
    let db = &house.stores.identity;
    if !login_sessions::of_account(db, practice, account).await?.iter().any(|record| record.id == ended) {
        return Err(AccountError::Gone);
    }
    record(house, session, Word::new("end_session"), login_session(ended)).await?;
    db.commit(login_sessions::end(Batch::new(), practice, account, ended)).await?;
    Ok(())
}

/// Signs out everywhere: ends all one's own sessions, this one too, and revokes one's API tokens.
pub async fn end_all_sessions(house: &House, session: &Session<Full>) -> Result<(), AccountError> {
    person(session)?;
    let (practice, account) = (session.practice(), session.account());
    record(house, session, Word::new("end_all_sessions"), own(account)).await?;
    let batch = api_tokens::revoke_all(Batch::new(), practice, account);
    house.stores.identity.commit(login_sessions::end_all(batch, practice, account)).await?;
    Ok(())
}

/// Signs out: ends the session itself, half or full.
pub async fn sign_out(
    house: &House,
    (practice, account, role): (PracticeId, AccountId, Role),
    session: LoginSessionId,
    origin: Origin,
) -> Result<(), AccountError> {
    let actor =
        Actor { practice: Some(practice), account: Some(account), role: Some(role), login_session: Some(session) };
    house.record_as(actor, origin, Event::done(Word::new("sign_out"), login_session(session))).await?;
    house.stores.identity.commit(login_sessions::end(Batch::new(), practice, account, session)).await?;
    Ok(())
}

/// Whether a session or API token, and the role that its account had when it was opened, are still there: asked between the
/// pieces of an answer that takes long.
pub(crate) async fn still_stands(house: &House, session: &Session<Full>) -> Result<bool, StoreError> {
    let (db, practice, account) = (&house.stores.identity, session.practice(), session.account());
    let claims = accounts::claims(db, practice, account).await?;
    if !claims.is_some_and(|claims| claims.active && claims.role == session.role()) {
        return Ok(false);
    }
    match session.token() {
        Some(token) => Ok(api_tokens::of_account(db, practice, account).await?.iter().any(|row| row.token_id == token)),
        None => Ok(login_sessions::of_account(db, practice, account).await?.iter().any(|row| row.id == session.id())),
    }
}
