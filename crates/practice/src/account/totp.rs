//! Setting up an authenticator app. The new secret replaces the old one only once its first code was right.

use super::{AccountError, enrollment, own, record};
use crate::{
    House, HouseError,
    sign_in::{CEREMONY, Ceremony},
};
use crypto::Zeroizing;
use identity::{Full, Session, TotpError, TotpSecret};
use ledger::Word;
use store::{
    Batch,
    rows::{
        accounts, api_tokens, login_sessions,
        totp_factors::{self, TotpRow},
    },
};

/// A secret that was made and not confirmed yet.
pub struct TotpSetup {
    /// In base32, to be typed into an app.
    pub secret: Zeroizing<String>,
    /// The `otpauth://` address, to be shown as a QR code.
    pub uri: Zeroizing<String>,
}

const KIND: &str = "totp";

/// Makes a new secret, which lasts five minutes unless it is confirmed.
pub async fn start_totp(house: &House, session: &Session<Full>) -> Result<TotpSetup, AccountError> {
    let enrollment = enrollment(house, session)?;
    let secret = TotpSecret::random(enrollment.account(), &*house.rng);
    ceremony(session).begin(house, secret.to_stored(), CEREMONY).await?;
    shown(house, session, &secret).await
}

/// The secret that waits to be confirmed in this session, if there is one.
pub async fn pending_totp(house: &House, session: &Session<Full>) -> Result<Option<TotpSetup>, AccountError> {
    enrollment(house, session)?;
    match pending(house, session).await {
        Ok(secret) => shown(house, session, &secret).await.map(Some),
        Err(AccountError::NothingPending) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Takes the first code: from now on this app is the account's. Ends the other sessions.
pub async fn confirm_totp(house: &House, session: &Session<Full>, code: &str) -> Result<(), AccountError> {
    let enrollment = enrollment(house, session)?;
    let (practice_id, account_id, now) = (enrollment.practice(), enrollment.account(), house.clock.now());
    let secret = pending(house, session).await?;
    // The proof is not needed: the session has a fresh factor already.
    let step = match secret.verify(code, None, now) {
        Ok((_, step)) => step,
        Err(TotpError::Wrong | TotpError::Replayed) => return Err(AccountError::NotConfirmed),
        Err(other) => return Err(HouseError::Totp(other).into()),
    };
    let stored = secret.to_stored().to_vec();
    let row = TotpRow {
        practice_id,
        account_id,
        secret: house.vault.seal(practice_id, account_id, TotpRow::row_id(account_id), &stored).await?,
        last_step: Some(step),
        created_at: now,
        confirmed_at: Some(now),
    };
    record(house, session, Word::new("enroll_totp"), own(account_id)).await?;
    let batch = login_sessions::hold(Batch::new(), practice_id, account_id, session.id());
    let batch = ceremony(session).use_up(batch);
    let batch = totp_factors::replace(batch, &row);
    let batch = login_sessions::end_others(batch, practice_id, account_id, session.id());
    // Issued under the app that is replaced, which somebody else may hold now.
    let batch = api_tokens::revoke_all(batch, practice_id, account_id);
    house.stores.identity.commit(batch).await?;
    Ok(())
}

/// The ceremony of a session has its id.
const fn ceremony(session: &Session<Full>) -> Ceremony {
    Ceremony { id: *session.id().as_bytes(), practice: session.practice(), account: session.account(), kind: KIND }
}

async fn pending(house: &House, session: &Session<Full>) -> Result<TotpSecret, AccountError> {
    let state = ceremony(session).state(house).await?.ok_or(AccountError::NothingPending)?;
    Ok(TotpSecret::from_stored(session.account(), state.expose()).map_err(HouseError::Totp)?)
}

async fn shown(house: &House, session: &Session<Full>, secret: &TotpSecret) -> Result<TotpSetup, AccountError> {
    let row = accounts::by_id(&house.stores.identity, session.practice(), session.account()).await?;
    let row = row.ok_or(AccountError::Gone)?;
    let email = house.vault.open_directory(session, row.account_id, &row.email).await?;
    Ok(TotpSetup { secret: secret.base32(), uri: secret.provisioning_uri("Patella", email.expose().as_str()) })
}
