//! Enrolling: a password and a first factor, against an invitation (or a fresh factor of one who is signed in).

use crate::{House, HouseError, house::through_house};
use crypto::Zeroizing;
use domain::{Role, Timestamp};
use identity::{Enrollment, NewPassword, PasswordError, RegisteredPasskey, TotpSecret};
use phi::KeyError;
use store::{
    Batch,
    rows::{
        accounts::{self, AccountRow},
        api_tokens, ceremonies, invitations, login_sessions,
        passkeys::{self, PasskeyRow},
        practices, recovery_codes, throttle,
        totp_factors::{self, TotpRow},
    },
};

/// The factor that comes with a new password.
pub enum FirstFactor {
    /// A generator whose first code was verified at this time step.
    Totp {
        /// Its secret.
        secret: TotpSecret,
        /// The time step of the code: used up.
        step: u64,
    },
    /// A passkey whose registration was verified.
    Passkey {
        /// The passkey.
        passkey: Box<RegisteredPasskey>,
        /// What its owner calls it.
        label: String,
    },
}

/// Why nothing was enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The house could not do its part; a conflict when the invitation was used in the meantime.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(EnrollError);

/// Stores password, factor and new recovery codes, opens the account and uses the invitation up, all in one write.
/// Gives the recovery codes, to be shown once. Whoever calls this has recorded it before.
pub async fn enroll(
    house: &House,
    enrollment: &Enrollment,
    password: NewPassword,
    factor: FirstFactor,
) -> Result<Vec<Zeroizing<String>>, EnrollError> {
    let (practice, account) = (enrollment.practice(), enrollment.account());
    let now = house.clock.now();
    let hash = house.passwords.hash(account, password, &*house.rng).await?;
    let hash = hash.as_str().to_owned();
    let sealed = house.vault.seal(practice, account, AccountRow::row_id(account), &hash).await?;
    let batch = accounts::open(Batch::new(), practice, account, &sealed);
    // Whatever the account was before: nobody is signed in to it any more, and no failure counts.
    let batch = api_tokens::revoke_all(login_sessions::end_all(batch, practice, account), practice, account);
    let row = accounts::by_id(&house.stores.identity, practice, account).await?;
    let batch = match &row {
        Some(row) => throttle::clear(batch, &row.email_index),
        None => batch,
    };
    let administrator = row.is_some_and(|row| row.role == Role::Admin);
    // From an administrator's first passkey on, administrators need one.
    let closes = administrator && matches!(factor, FirstFactor::Passkey { .. });
    let batch = if closes { practices::close_bootstrap(batch, practice) } else { batch };
    // Nor does anything open it that it had, or that was under way.
    let batch = ceremonies::end_all(batch, practice, account);
    let batch = passkeys::delete_all(totp_factors::delete(batch, practice, account), practice, account);
    let batch = with_factor(house, batch, enrollment, factor, now).await?;
    let codes = house.recovery.generate(account, &*house.rng);
    let (shown, hashes): (Vec<_>, Vec<_>) = codes.into_iter().unzip();
    let batch = recovery_codes::replace_all(batch, practice, account, &hashes);
    let batch = match enrollment.invitation() {
        Some(invitation) => invitations::use_up(batch, practice, invitation),
        None => batch,
    };
    house.stores.identity.commit(batch).await?;
    Ok(shown)
}

async fn with_factor(
    house: &House,
    batch: Batch,
    enrollment: &Enrollment,
    factor: FirstFactor,
    now: Timestamp,
) -> Result<Batch, KeyError> {
    let (practice_id, account_id) = (enrollment.practice(), enrollment.account());
    Ok(match factor {
        FirstFactor::Totp { secret, step } => {
            let stored = secret.to_stored().to_vec();
            let row = TotpRow {
                practice_id,
                account_id,
                secret: house.vault.seal(practice_id, account_id, TotpRow::row_id(account_id), &stored).await?,
                last_step: Some(step),
                created_at: now,
                confirmed_at: Some(now),
            };
            totp_factors::replace(batch, &row)
        }
        FirstFactor::Passkey { passkey, label } => {
            let id = PasskeyRow::row_id(passkey.id());
            let row = PasskeyRow {
                practice_id,
                account_id,
                passkey_id: passkey.id(),
                credential_index: house.indexes.credential(passkey.credential_id()),
                credential: house.vault.seal(practice_id, account_id, id, &passkey.to_stored()).await?,
                label: house.vault.seal(practice_id, account_id, id, &label).await?,
                created_at: now,
                last_used_at: None,
            };
            passkeys::insert(batch, &row)
        }
    })
}
