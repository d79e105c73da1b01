//! Reads a session back: the row, then what the account is now, then the keeper's checks.

use super::login_session;
use crate::{
    Actor, Event, House, HouseError, refusals,
    training::{self, Admission},
};
use domain::LoginSessionId;
use identity::{
    ApiTokenError, ApiTokenSecret, Full, Origin, Resumed, Session, SessionError, SessionRecord, SessionToken,
    TokenLabel,
};
use ledger::Word;
use phi::VaultError;
use store::{
    Batch,
    rows::{accounts, api_tokens, login_sessions},
};

/// The session behind a cookie; none when it is unknown, over, or no longer fits its account. An error says that nobody
/// can tell whether there is one.
///
/// One that is over is deleted on the way, and the ledger gets the reason. `last_seen` is brought up to date at most
/// once a minute.
pub async fn resume_cookie(house: &House, cookie: &str, origin: Origin) -> Result<Option<Resumed>, HouseError> {
    let db = &house.stores.identity;
    let Ok(token) = SessionToken::parse(cookie) else { return Ok(None) };
    let Some((record, current)) = login_sessions::with_account(db, &token.hash()).await? else { return Ok(None) };
    let now = house.clock.now();
    match house.sessions.resume(&token, &record, &current, now, origin) {
        Ok(Resumed::Full(session)) if !is_trained(house, &session).await? => {
            refuse(house, &record, OVERDUE, true, origin).await?;
            Ok(None)
        }
        Ok(resumed) => {
            if let Some(touched) = house.sessions.touch(&record, now) {
                db.commit(login_sessions::touch(Batch::new(), &touched)).await?;
            }
            Ok(Some(resumed))
        }
        Err(SessionError::WrongToken) => Ok(None),
        Err(error) => {
            // What a row says that is not genuine is nobody's.
            let genuine = !matches!(error, SessionError::Forged);
            refuse(house, &record, reason(error), genuine, origin).await?;
            Ok(None)
        }
    }
}

/// Whether nothing is overdue without which the practice lets nobody in. Whoever is let in all the same, since nobody else could record
/// training, signs in for that once more, with an entry that says so; a program never is.
async fn is_trained(house: &House, session: &Session<Full>) -> Result<bool, HouseError> {
    let (practice, account) = (session.practice(), session.account());
    Ok(match training::admission(house, practice, account, session.role()).await? {
        Admission::Admitted => true,
        Admission::NobodyElse { since } => session.token().is_none() && session.created_at() >= since,
        Admission::Barred(_) => false,
    })
}

async fn refuse(
    house: &House,
    record: &SessionRecord,
    reason: Word,
    genuine: bool,
    origin: Origin,
) -> Result<(), HouseError> {
    let actor = match genuine {
        true => Actor {
            practice: Some(record.practice),
            account: Some(record.account),
            role: Some(record.role),
            login_session: Some(record.id),
        },
        false => Actor::default(),
    };
    let event = Event::refused(RESUME, login_session(record.id), reason);
    if genuine {
        house.record_as(actor, origin, event).await?;
        let batch = login_sessions::end(Batch::new(), record.practice, record.account, record.id);
        house.stores.identity.commit(batch).await?;
    } else {
        // Told once in a window: it stays, and whoever holds it may come again and again.
        refusals::refuse(house, &house.indexes.presented(record.id), actor, origin, event).await?;
    }
    Ok(())
}

const RESUME: Word = Word::new("resume_session");
const OVERDUE: Word = Word::new("training-overdue");

const fn reason(error: SessionError) -> Word {
    Word::new(match error {
        SessionError::WrongToken => "wrong-token",
        SessionError::Forged => "forged",
        SessionError::Idle => "idle",
        SessionError::Expired => "expired",
        SessionError::AccountChanged => "account-changed",
        SessionError::Disabled => "disabled",
    })
}

/// The session behind an API token, for one request; none when it is unknown, over, or no longer fits its account.
pub async fn resume_api_token(house: &House, bearer: &str, origin: Origin) -> Result<Option<Resumed>, HouseError> {
    let db = &house.stores.identity;
    let Ok(secret) = ApiTokenSecret::parse(bearer) else { return Ok(None) };
    let Some(row) = api_tokens::by_secret(db, &secret.hash()).await? else { return Ok(None) };
    let Some(current) = accounts::claims(db, row.practice_id, row.account_id).await? else { return Ok(None) };
    let label = match house.vault.open_credential(row.practice_id, row.account_id, &row.label).await {
        // A label that does not open makes a record that does not verify: the keeper says so.
        Ok(label) => TokenLabel::new(label.expose()).ok(),
        Err(VaultError::Open(_)) => None,
        Err(VaultError::Key(error)) => return Err(error.into()),
    };
    let actor = Actor {
        practice: Some(row.practice_id),
        account: Some(row.account_id),
        role: Some(row.role),
        login_session: Some(LoginSessionId::from_bytes(*row.token_id.as_bytes())),
    };
    let resumed = match label {
        Some(label) => {
            house.sessions.resume_api_token(&secret, &row.record(label), &current, house.clock.now(), origin)
        }
        None => Err(ApiTokenError::Forged),
    };
    let refused = match resumed {
        Ok(session) if is_trained(house, &session).await? => return Ok(Some(Resumed::Full(session))),
        Ok(_) => (actor, OVERDUE),
        Err(ApiTokenError::Forged) => (Actor::default(), Word::new("forged")),
        Err(ApiTokenError::WrongSecret) => (Actor::default(), Word::new("wrong-token")),
        Err(ApiTokenError::Expired) => (actor, Word::new("expired")),
        Err(ApiTokenError::Account(error)) => (actor, reason(error)),
    };
    let (actor, reason) = refused;
    // Told once in a window: a program that nobody watches asks every minute, for ever.
    let event = Event::refused(RESUME, crate::account::api_token(row.token_id), reason);
    let presented = house.indexes.presented(LoginSessionId::from_bytes(*row.token_id.as_bytes()));
    refusals::refuse(house, &presented, actor, origin, event).await?;
    Ok(None)
}
