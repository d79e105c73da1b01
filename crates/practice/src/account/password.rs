//! Changing one's own password.

use super::{AccountError, enrollment, own};
use crate::{
    Actor, Event, House,
    sign_in::{Attempt, Tried},
};
use identity::{Full, NewPassword, Password, PasswordError, PasswordHash, Session};
use ledger::Word;
use store::{
    Batch,
    rows::{
        accounts::{self, AccountRow},
        api_tokens, login_sessions,
    },
};

const CHANGE_PASSWORD: Word = Word::new("change_password");

/// Changes one's own password: needs the present one and a fresh factor, and ends the other sessions.
pub async fn change_password(
    house: &House,
    session: &Session<Full>,
    present: Password,
    new: Password,
) -> Result<(), AccountError> {
    let enrollment = enrollment(house, session)?;
    let (practice, account) = (enrollment.practice(), enrollment.account());
    let db = &house.stores.identity;
    let row = accounts::by_id(db, practice, account).await?.ok_or(AccountError::Gone)?;
    let email = house.vault.open_directory(session, account, &row.email).await?;
    let name = house.vault.open_directory(session, account, &row.display_name).await?;
    let about = [email.expose().as_str(), name.expose().as_str()];
    let new = NewPassword::new(new, &about).map_err(AccountError::Weak)?;

    let actor = Actor { login_session: Some(session.id()), ..Actor::of_account(&row) };
    let tried = Tried { actor, action: CHANGE_PASSWORD, resource: own(account) };
    let attempt = Attempt::count(house, row.email_index, session.origin(), tried).await?;
    let sealed = row.password.as_ref().ok_or(AccountError::Gone)?;
    let stored = house.vault.open_credential(practice, account, sealed).await?;
    let stored = PasswordHash::parse(stored.expose()).ok().map(|hash| (account, hash));
    if let Err(error) = house.passwords.verify(present, stored, &*house.rng).await {
        match error {
            PasswordError::Wrong => refuse(house, session, "wrong-password").await?,
            // It was not looked at, so it was no failure of theirs.
            PasswordError::Busy | PasswordError::Failed => db.commit(attempt.right(Batch::new())).await?,
        }
        return Err(error.into());
    }
    let hash = house.passwords.hash(account, new, &*house.rng).await?;
    let row_id = AccountRow::row_id(account);
    let sealed = house.vault.seal(practice, account, row_id, &hash.as_str().to_owned()).await?;
    super::record(house, session, CHANGE_PASSWORD, own(account)).await?;
    let batch = login_sessions::hold(attempt.right(Batch::new()), practice, account, session.id());
    let batch = accounts::set_password(batch, practice, account, &sealed, row.version);
    // Whoever had the old password may have made a token with it.
    let batch = api_tokens::revoke_all(batch, practice, account);
    db.commit(login_sessions::end_others(batch, practice, account, session.id())).await?;
    Ok(())
}

async fn refuse(house: &House, session: &Session<Full>, reason: &'static str) -> Result<(), AccountError> {
    let event = Event::refused(CHANGE_PASSWORD, own(session.account()), Word::new(reason));
    house.record(session, event).await?;
    Ok(())
}
