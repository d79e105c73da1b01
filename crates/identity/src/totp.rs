//! Codes from an authenticator app (RFC 6238).

use crate::{FactorKind, FactorProof};
use data_encoding::BASE32_NOPAD;
use domain::{AccountId, Rng, Timestamp};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

/// Bytes of the shared secret: 160 bits, as RFC 4226 section 4 recommends for HMAC-SHA-1.
const SECRET_BYTES: usize = 20;
/// Seconds that a code lasts (RFC 6238 section 5.2).
const STEP_SECONDS: u64 = 30;
/// Digits of a code.
const DIGITS: u8 = 6;
/// Steps that the telephone's clock may be off, each way (RFC 6238 section 5.2 recommends at most one).
const SKEW: u16 = 1;
/// First byte of the stored form.
const STORED_FORM: u8 = 1;

/// The secret that an account shares with an authenticator app. Wiped on drop; stored sealed.
pub struct TotpSecret {
    account: AccountId,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

/// Why a code proved nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TotpError {
    /// The code is not one of the present ones.
    #[error("the code is wrong")]
    Wrong,
    /// The code, or a later one, was used before.
    #[error("the code was used before")]
    Replayed,
    /// The stored secret is damaged or another account's.
    #[error("the stored secret is not this account's")]
    NotThisAccounts,
}

impl TotpSecret {
    /// A new secret for one account. It is a factor only once a first code was confirmed and the row was stored.
    pub fn random(account: AccountId, rng: &dyn Rng) -> Self {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        rng.fill(secret.as_mut());
        Self { account, secret }
    }

    /// The bytes to seal and store. They name the account, so that a row moved to another account proves nothing there.
    pub fn to_stored(&self) -> Zeroizing<Vec<u8>> {
        let parts: [&[u8]; 3] = [&[STORED_FORM], self.account.as_bytes(), self.secret.as_ref()];
        Zeroizing::new(parts.concat())
    }

    /// Reads what [`to_stored`](Self::to_stored) wrote, for the account that it must belong to.
    pub fn from_stored(account: AccountId, stored: &[u8]) -> Result<Self, TotpError> {
        let rest = stored.strip_prefix(&[STORED_FORM]).ok_or(TotpError::NotThisAccounts)?;
        let bytes = rest.strip_prefix(account.as_bytes()).ok_or(TotpError::NotThisAccounts)?;
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        if bytes.len() != SECRET_BYTES {
            return Err(TotpError::NotThisAccounts);
        }
        secret.copy_from_slice(bytes);
        Ok(Self { account, secret })
    }

    /// Verifies a code, and takes it once: `last_step` is the step stored with the factor (none before the first
    /// code). In one write the caller stores the returned step and what the proof was used for; a write that expects
    /// the old `last_step` makes two requests with the same code come out as one.
    pub fn verify(&self, code: &str, last_step: Option<u64>, now: Timestamp) -> Result<(FactorProof, u64), TotpError> {
        let seconds = u64::try_from(now.as_second()).map_err(|_| TotpError::Wrong)?;
        // Apps show the code as "123 456", and people type it so.
        let code = Zeroizing::new(code.chars().filter(|c| !c.is_whitespace()).take(16).collect::<String>());
        let step = self.totp(None).check(&code, seconds).ok_or(TotpError::Wrong)?;
        if last_step.is_some_and(|last| step <= last) {
            return Err(TotpError::Replayed);
        }
        Ok((FactorProof::new(self.account, FactorKind::Totp, now), step))
    }

    /// The secret in base32, for typing it into an app.
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.secret.as_ref()))
    }

    /// The `otpauth://` address that an app reads from a QR code. A colon, which it cannot hold, becomes a space.
    pub fn provisioning_uri(&self, issuer: &str, account_name: &str) -> Zeroizing<String> {
        let plain = |text: &str| text.replace(':', " ");
        let name = match account_name.trim() {
            "" => self.account.to_string(),
            name => plain(name),
        };
        let totp = self.totp(Some((plain(issuer), name)));
        Zeroizing::new(totp.to_url().expect("the name is neither empty nor holds a colon"))
    }

    fn totp(&self, names: Option<(String, String)>) -> Totp {
        let builder = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(SKEW)
            .with_step_duration(STEP_SECONDS)
            .with_secret(Secret::new(Box::new(*self.secret)));
        let builder = match names {
            Some((issuer, name)) => builder.with_issuer(Some(issuer)).with_account_name(name),
            None => builder,
        };
        builder.build().expect("six digits, 160 bits and 30 seconds are within the bounds")
    }
}
