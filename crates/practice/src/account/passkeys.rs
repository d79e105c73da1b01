//! One's own passkeys: list, register, remove.

use super::{AccountError, enrollment, person, record};
use crate::{
    House, HouseError,
    sign_in::{CEREMONY, Ceremony, opened},
};
use domain::{PasskeyId, PracticeId, Role, Timestamp};
use identity::{Bootstrap, Full, PasskeyError, Registration, Session, TokenLabel};
use ledger::{Resource, Word};
use serde_json::Value;
use store::{
    Batch, CommitError,
    rows::{
        accounts, api_tokens, login_sessions,
        passkeys::{self as rows, PasskeyRow},
        practices,
    },
};

/// A passkey, as its owner sees it.
pub struct PasskeyView {
    /// The passkey.
    pub passkey_id: PasskeyId,
    /// What its owner calls it.
    pub label: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

const REGISTER: &str = "register";

/// One's own passkeys, oldest first.
pub async fn passkeys(house: &House, session: &Session<Full>) -> Result<Vec<PasskeyView>, AccountError> {
    person(session)?;
    let mut views = Vec::new();
    for row in rows::of_account(&house.stores.identity, session.practice(), session.account()).await? {
        let label = house.vault.open_directory(session, row.account_id, &row.label).await?;
        views.push(PasskeyView {
            passkey_id: row.passkey_id,
            label: label.expose().clone(),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        });
    }
    Ok(views)
}

/// Begins to register a passkey: the options for `navigator.credentials.create()`.
pub async fn start_passkey(house: &House, session: &Session<Full>) -> Result<Value, AccountError> {
    let enrollment = enrollment(house, session)?;
    let (practice_id, account_id, now) = (enrollment.practice(), enrollment.account(), house.clock.now());
    let db = &house.stores.identity;
    let row = accounts::by_id(db, practice_id, account_id).await?.ok_or(AccountError::Gone)?;
    let email = house.vault.open_directory(session, account_id, &row.email).await?;
    let name = house.vault.open_directory(session, account_id, &row.display_name).await?;
    let existing = opened(house, &rows::of_account(db, practice_id, account_id).await?).await?;
    let (options, state) = house
        .passkeys
        .start_registration(&enrollment, email.expose().as_str(), name.expose().as_str(), &existing, now)
        .map_err(HouseError::Passkey)?;
    ceremony(session).begin(house, state.to_stored(), CEREMONY).await?;
    Ok(options)
}

/// The ceremony of a session has its id.
const fn ceremony(session: &Session<Full>) -> Ceremony {
    Ceremony { id: *session.id().as_bytes(), practice: session.practice(), account: session.account(), kind: REGISTER }
}

/// Registers a passkey with what the browser answered, and ends the other sessions. An administrator's ends the
/// practice's bootstrap in the same write.
pub async fn finish_passkey(
    house: &House,
    session: &Session<Full>,
    label: &str,
    answer: &Value,
) -> Result<PasskeyId, AccountError> {
    let enrollment = enrollment(house, session)?;
    let (practice_id, account_id, now) = (enrollment.practice(), enrollment.account(), house.clock.now());
    let label = TokenLabel::new(label).map_err(|_| AccountError::Label)?.as_str().to_owned();
    let db = &house.stores.identity;
    let ceremony = ceremony(session);
    let state = ceremony.state(house).await?.ok_or(AccountError::NothingPending)?;
    let state = Registration::from_stored(state.expose()).map_err(HouseError::Passkey)?;
    let existing = opened(house, &rows::of_account(db, practice_id, account_id).await?).await?;
    let finished = house.passkeys.finish_registration(&enrollment, state, answer, &existing, now, &*house.rng);
    let passkey = match finished {
        Ok(passkey) => passkey,
        Err(error) => {
            // A challenge is good for one answer, right or wrong.
            db.commit(ceremony.use_up(Batch::new())).await?;
            return Err(match error {
                PasskeyError::Known => AccountError::KnownPasskey,
                PasskeyError::Damaged => HouseError::Passkey(error).into(),
                _ => AccountError::NotConfirmed,
            });
        }
    };
    let row_id = PasskeyRow::row_id(passkey.id());
    let row = PasskeyRow {
        practice_id,
        account_id,
        passkey_id: passkey.id(),
        credential_index: house.indexes.credential(passkey.credential_id()),
        credential: house.vault.seal(practice_id, account_id, row_id, &passkey.to_stored()).await?,
        label: house.vault.seal(practice_id, account_id, row_id, &label).await?,
        created_at: now,
        last_used_at: None,
    };
    record(house, session, Word::new("enroll_passkey"), resource(passkey.id())).await?;
    let batch = login_sessions::hold(Batch::new(), practice_id, account_id, session.id());
    let batch = rows::insert(ceremony.use_up(batch), &row);
    let batch = login_sessions::end_others(batch, practice_id, account_id, session.id());
    let batch = match session.role() {
        Role::Admin => practices::close_bootstrap(batch, practice_id),
        _ => batch,
    };
    match db.commit(batch).await {
        Err(CommitError::Duplicate { .. }) => Err(AccountError::KnownPasskey),
        other => Ok(other.map(|()| passkey.id())?),
    }
}

/// Takes one's own passkey away, unless nothing else would open the account. Ends the other sessions, and the API tokens.
pub async fn remove_passkey(house: &House, session: &Session<Full>, passkey: PasskeyId) -> Result<(), AccountError> {
    enrollment(house, session)?;
    let (practice, account) = (session.practice(), session.account());
    let factors = crate::sign_in::factors(house, practice, account, session.role()).await?;
    if !factors.passkeys.iter().any(|row| row.passkey_id == passkey) {
        return Err(AccountError::Gone);
    }
    let totp_opens = match session.role() {
        Role::Admin => factors.totp.is_some() && factors.bootstrap == Bootstrap::Open,
        _ => factors.totp.is_some(),
    };
    if !totp_opens && factors.passkeys.len() == 1 {
        return Err(AccountError::LastFactor);
    }
    record(house, session, Word::new("remove_passkey"), resource(passkey)).await?;
    let batch = remove(practice, session, passkey, totp_opens);
    match house.stores.identity.commit(batch).await {
        // Another request took the other one away at the same moment.
        Err(CommitError::Conflict { .. }) => Err(AccountError::LastFactor),
        other => Ok(other?),
    }
}

fn remove(practice: PracticeId, session: &Session<Full>, passkey: PasskeyId, may_be_last: bool) -> Batch {
    let account = session.account();
    let batch = login_sessions::hold(Batch::new(), practice, account, session.id());
    let batch = match may_be_last {
        true => rows::delete(batch, practice, account, passkey),
        false => rows::delete_unless_last(batch, practice, account, passkey),
    };
    // Issued under the key that is taken away, which somebody else may hold now.
    let batch = api_tokens::revoke_all(batch, practice, account);
    login_sessions::end_others(batch, practice, account, session.id())
}

fn resource(passkey: PasskeyId) -> Resource {
    const PASSKEY: Word = Word::new("passkey");
    Resource::new(PASSKEY, passkey).expect("an id is short and visible")
}
