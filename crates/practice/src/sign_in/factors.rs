//! Which factors an account has, and which of them open it now.

use crate::{House, HouseError};
use domain::{AccountId, PracticeId, Role};
use identity::{AcceptedFactors, Bootstrap, Enrolled, RecoveryCodeHash, RegisteredPasskey, accepted_factors};
use store::{
    StoreError,
    rows::{
        passkeys::{self, PasskeyRow},
        practices, recovery_codes,
        totp_factors::{self, TotpRow},
    },
};

/// The factors of one account, as stored now.
pub struct Factors {
    /// The authenticator app, if its first code was confirmed.
    pub totp: Option<TotpRow>,
    /// The passkeys.
    pub passkeys: Vec<PasskeyRow>,
    /// The recovery codes that were not used.
    pub recovery_codes: Vec<RecoveryCodeHash>,
    /// Which kinds open the account.
    pub accepted: AcceptedFactors,
    /// Whether an administrator without a passkey may still come in with a code.
    pub bootstrap: Bootstrap,
}

/// Reads the factors of an account.
pub async fn factors(
    house: &House,
    practice: PracticeId,
    account: AccountId,
    role: Role,
) -> Result<Factors, StoreError> {
    let db = &house.stores.identity;
    let totp = totp_factors::of_account(db, practice, account).await?.filter(|row| row.confirmed_at.is_some());
    let passkeys = passkeys::of_account(db, practice, account).await?;
    let recovery_codes = recovery_codes::unused(db, practice, account).await?;
    let open = practices::by_id(db, practice).await?.is_some_and(|row| row.bootstrap_open);
    let bootstrap = if open { Bootstrap::Open } else { Bootstrap::Closed };
    let enrolled =
        Enrolled { totp: totp.is_some(), passkey: !passkeys.is_empty(), recovery_codes: !recovery_codes.is_empty() };
    let accepted = accepted_factors(account, role, enrolled, bootstrap);
    Ok(Factors { totp, passkeys, recovery_codes, accepted, bootstrap })
}

/// Opens the passkeys of an account.
pub(crate) async fn opened(house: &House, rows: &[PasskeyRow]) -> Result<Vec<RegisteredPasskey>, HouseError> {
    let mut passkeys = Vec::with_capacity(rows.len());
    for row in rows {
        let stored = house.vault.open_credential(row.practice_id, row.account_id, &row.credential).await?;
        let passkey = RegisteredPasskey::from_stored(row.account_id, stored.expose());
        passkeys.push(passkey.map_err(HouseError::Passkey)?);
    }
    Ok(passkeys)
}
