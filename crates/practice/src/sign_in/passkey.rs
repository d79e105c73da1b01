//! Proving a passkey: the challenge, and the answer to it.

use super::{
    Promoted, Proving, SignInError,
    factors::{ReadPasskeyError, opened},
    prove::{begin, finish, refuse},
};
use crate::House;
use identity::{Authentication, PasskeyError};
use serde_json::Value;
use std::time::Duration;
use store::{
    Batch,
    rows::{
        ceremonies::{self, CeremonyRow},
        passkeys::{self, PasskeyRow},
    },
};

/// How long the server's side of a ceremony is kept: as long as the person has to touch the key.
pub(crate) const CEREMONY: Duration = Duration::from_secs(5 * 60);

const AUTHENTICATE: &str = "authenticate";

impl From<ReadPasskeyError> for SignInError {
    fn from(error: ReadPasskeyError) -> Self {
        match error {
            ReadPasskeyError::Vault(error) => Self::Vault(error),
            ReadPasskeyError::Passkey(error) => Self::Passkey(error),
        }
    }
}

/// Begins to prove a passkey: the options for `navigator.credentials.get()`.
pub async fn passkey_options(house: &House, proving: &Proving<'_>) -> Result<Value, SignInError> {
    if matches!(proving, Proving::SteppingUp(session) if session.token().is_some()) {
        return Err(SignInError::ApiToken);
    }
    let (practice_id, account_id, now) = (proving.practice(), proving.account(), house.clock.now());
    let rows = passkeys::of_account(&house.stores.identity, practice_id, account_id).await?;
    let known = opened(house, &rows).await?;
    let (options, state) =
        house.passkeys.start_authentication(account_id, &known, now).map_err(|error| match error {
            PasskeyError::NoPasskey => SignInError::NoPasskey,
            other => SignInError::Passkey(other),
        })?;
    let ceremony_id = *proving.id().as_bytes();
    let state = state.to_stored().to_vec();
    let row = CeremonyRow {
        ceremony_id,
        practice_id,
        account_id,
        kind: AUTHENTICATE.to_owned(),
        state: house.vault.seal(practice_id, account_id, CeremonyRow::row_id(ceremony_id), &state).await?,
        expires_at: now.checked_add(CEREMONY).unwrap_or(now),
    };
    house.stores.identity.commit(ceremonies::begin(Batch::new(), &row, now)).await?;
    Ok(options)
}

/// Proves a passkey with what the browser answered. The challenge is used up, right or wrong.
pub async fn with_passkey(house: &House, proving: Proving<'_>, answer: &Value) -> Result<Promoted, SignInError> {
    let begun = begin(house, &proving).await?;
    let (practice, account, now) = (proving.practice(), proving.account(), house.clock.now());
    let db = &house.stores.identity;
    let ceremony_id = *proving.id().as_bytes();
    let ceremony = ceremonies::current(db, ceremony_id, now).await?;
    let ceremony = ceremony.filter(|row| row.kind == AUTHENTICATE && row.account_id == account);
    let Some(ceremony) = ceremony else { return Err(refuse(house, &proving, "no-challenge").await) };
    let state = house.vault.open_credential(practice, account, &ceremony.state).await?;
    let state = Authentication::from_stored(state.expose()).map_err(SignInError::Passkey)?;
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
            db.commit(ceremonies::use_up(Batch::new(), ceremony_id)).await?;
            return Err(refused);
        }
    };
    let Some(row) = rows.iter().find(|row| row.passkey_id == used.id()) else {
        return Err(refuse(house, &proving, "wrong-passkey").await);
    };
    let row_id = PasskeyRow::row_id(used.id());
    let credential = house.vault.seal(practice, account, row_id, &used.to_stored()).await?;
    let batch = passkeys::used(ceremonies::use_up(Batch::new(), ceremony_id), row, &credential, now);
    finish(house, proving, begun, proof, batch).await
}
