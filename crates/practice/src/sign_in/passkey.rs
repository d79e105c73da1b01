//! Proving a passkey: the challenge, and the answer to it.

use super::{
    CEREMONY, Ceremony, Promoted, Proving, SignInError,
    factors::opened,
    prove::{begin, finish, refuse},
};
use crate::{House, HouseError};
use identity::{Authentication, PasskeyError};
use serde_json::Value;
use store::{
    Batch,
    rows::passkeys::{self, PasskeyRow},
};

const AUTHENTICATE: &str = "authenticate";

/// Begins to prove a passkey: the options for `navigator.credentials.get()`.
pub async fn passkey_options(house: &House, proving: &Proving<'_>) -> Result<Value, SignInError> {
    if matches!(proving, Proving::SteppingUp(session) if session.token().is_some()) {
        return Err(SignInError::ApiToken);
    }
    let rows = passkeys::of_account(&house.stores.identity, proving.practice(), proving.account()).await?;
    let known = opened(house, &rows).await?;
    let begun = house.passkeys.start_authentication(proving.account(), &known, house.clock.now());
    let (options, state) = begun.map_err(|error| match error {
        PasskeyError::NoPasskey => SignInError::NoPasskey,
        other => HouseError::Passkey(other).into(),
    })?;
    ceremony(proving).begin(house, state.to_stored(), CEREMONY).await?;
    Ok(options)
}

/// The ceremony of a session has its id.
const fn ceremony(proving: &Proving<'_>) -> Ceremony {
    let (id, practice, account) = (*proving.id().as_bytes(), proving.practice(), proving.account());
    Ceremony { id, practice, account, kind: AUTHENTICATE }
}

/// Proves a passkey with what the browser answered. The challenge is used up, right or wrong.
pub async fn with_passkey(house: &House, proving: Proving<'_>, answer: &Value) -> Result<Promoted, SignInError> {
    let begun = begin(house, &proving).await?;
    let (practice, account, now) = (proving.practice(), proving.account(), house.clock.now());
    let ceremony = ceremony(&proving);
    let Some(state) = ceremony.state(house).await? else {
        return Err(refuse(house, &proving, "no-challenge").await);
    };
    let state = Authentication::from_stored(state.expose()).map_err(HouseError::Passkey)?;
    let rows: &[PasskeyRow] = &begun.factors.passkeys;
    let known = opened(house, rows).await?;
    let verified = house.passkeys.finish_authentication(account, state, answer, &known, now);
    let (proof, used) = match verified {
        Ok(verified) => verified,
        Err(error) => {
            let reason = match error {
                PasskeyError::Cloned => "cloned-passkey",
                PasskeyError::Expired => "expired",
                _ => "wrong-passkey",
            };
            let refused = refuse(house, &proving, reason).await;
            house.stores.identity.commit(ceremony.use_up(Batch::new())).await?;
            return Err(refused);
        }
    };
    let Some(row) = rows.iter().find(|row| row.passkey_id == used.id()) else {
        return Err(refuse(house, &proving, "wrong-passkey").await);
    };
    let row_id = PasskeyRow::row_id(used.id());
    let credential = house.vault.seal(practice, account, row_id, &used.to_stored()).await?;
    let batch = passkeys::used(ceremony.use_up(Batch::new()), row, &credential, now);
    finish(house, proving, begun, proof, batch).await
}
