//! Somebody of the demo who can sign in: an account, and a session of it.

use super::SeedError;
use crate::{
    House,
    accounts::{self, FirstFactor, NewAccount},
};
use crypto::Zeroizing;
use domain::{AccountId, EmailAddress, PatientId, PersonName, PracticeId, RequestId, Rng, Role};
use identity::{
    AccountClaims, Bootstrap, Enrolled, Full, NewPassword, Origin, Password, Session, TotpSecret, accepted_factors,
};
use store::rows::invitations;

/// Somebody of the demo who can sign in.
pub struct DemoPerson {
    /// What they are there for.
    pub role: Role,
    /// What they are called.
    pub name: String,
    /// Where they sign in.
    pub email: String,
    /// Made at the start, for this demo alone.
    pub password: String,
    /// The secret of their code generator, base32.
    pub totp_secret: String,
}

/// An account with password and generator, ready to sign in.
pub(super) async fn account(
    house: &House,
    practice: PracticeId,
    role: Role,
    display_name: PersonName,
    email: &EmailAddress,
    patient: Option<PatientId>,
) -> Result<(DemoPerson, AccountId), SeedError> {
    let refused = |error: &dyn std::fmt::Display| SeedError::SignIn(error.to_string());
    let rng = &*house.rng;
    let name = display_name.as_str().to_owned();
    let new = NewAccount { role, email: email.clone(), display_name, patient };
    let (account, secret) = accounts::add(house, practice, &new).await?;
    let invitation = invitations::by_secret(&house.stores.identity, &secret.hash()).await?;
    let invitation = invitation.ok_or_else(|| SeedError::SignIn("the invitation is gone".to_owned()))?;
    let enrollment = house.sessions.accept(&secret, &invitation, house.clock.now()).map_err(|e| refused(&e))?;
    let password = password(rng);
    let chosen = NewPassword::new(Password::new(password.to_string())?, &[]).map_err(|e| refused(&e))?;
    let totp = TotpSecret::random(account, rng);
    let person = DemoPerson {
        role,
        name,
        email: email.as_str().to_owned(),
        password: password.to_string(),
        totp_secret: totp.base32().to_string(),
    };
    // No code was used yet: step 0 leaves every step of today open.
    accounts::enroll(house, &enrollment, chosen, FirstFactor::Totp { secret: totp, step: 0 }).await?;
    Ok((person, account))
}

/// Signs in like anybody: a password, then a factor. The factor is a recovery code that is made for this and kept nowhere.
pub(super) async fn sign_in(house: &House, claims: &AccountClaims, password: &str) -> Result<Session<Full>, SeedError> {
    let refused = |error: &dyn std::fmt::Display| SeedError::SignIn(error.to_string());
    let (rng, now, account) = (&*house.rng, house.clock.now(), claims.account);
    let typed = Password::new(password.to_owned())?;
    let chosen = NewPassword::new(Password::new(password.to_owned())?, &[]).map_err(|e| refused(&e))?;
    let hash = house.passwords.hash(account, chosen, rng).await.map_err(|e| refused(&e))?;
    let verified = house.passwords.verify(typed, Some((account, hash)), rng).await.map_err(|e| refused(&e))?;
    let origin = Origin { address: None, request: RequestId::random(rng) };
    let (token, record) = house.sessions.start(verified.proof, claims, now, rng).map_err(|e| refused(&e))?;
    let half = house.sessions.resume(&token, &record, claims, now, origin).map_err(|e| refused(&e))?;
    let half = half.half().ok_or_else(|| SeedError::SignIn("not a half session".to_owned()))?;
    let (codes, hashes): (Vec<_>, Vec<_>) = house.recovery.generate(account, rng).into_iter().unzip();
    let code = codes.first().map_or("", |code| code.as_str());
    let (proof, _) = house.recovery.verify(account, code, &hashes, now).map_err(|e| refused(&e))?;
    let enrolled = Enrolled { recovery_codes: true, ..Enrolled::default() };
    let accepted = accepted_factors(account, claims.role, enrolled, Bootstrap::Closed);
    let (token, record) = house.sessions.promote(half, proof, &accepted, now, rng).map_err(|e| refused(&e))?;
    let full = house.sessions.resume(&token, &record, claims, now, origin).map_err(|e| refused(&e))?;
    full.full().ok_or_else(|| SeedError::SignIn("not a full session".to_owned()))
}

/// Four groups of five characters without look-alikes, about 100 bits: marked, and made anew for every demo.
fn password(rng: &dyn Rng) -> Zeroizing<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789z";
    let mut bytes = Zeroizing::new([0; 20]);
    rng.fill(&mut *bytes);
    let mut text = Zeroizing::new("demo".to_owned());
    for (n, byte) in bytes.iter().enumerate() {
        if n % 5 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    text
}
