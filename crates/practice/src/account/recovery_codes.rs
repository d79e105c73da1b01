//! One's own recovery codes.

use super::{AccountError, enrollment, own, person, record};
use crate::House;
use crypto::Zeroizing;
use domain::Role;
use identity::{Full, Session};
use ledger::Word;
use store::{
    Batch,
    rows::{login_sessions, recovery_codes as rows},
};

/// How many codes were not used yet.
pub async fn codes_left(house: &House, session: &Session<Full>) -> Result<usize, AccountError> {
    person(session)?;
    Ok(rows::unused(&house.stores.identity, session.practice(), session.account()).await?.len())
}

/// Ten new codes in place of all earlier ones, to be shown once. None for administrators, whom codes do not let in.
pub async fn new_recovery_codes(
    house: &House,
    session: &Session<Full>,
) -> Result<Vec<Zeroizing<String>>, AccountError> {
    let enrollment = enrollment(house, session)?;
    if session.role() == Role::Admin {
        return Err(AccountError::NoRecoveryCodes);
    }
    let (practice, account) = (enrollment.practice(), enrollment.account());
    let (shown, hashes): (Vec<_>, Vec<_>) = house.recovery.generate(account, &*house.rng).into_iter().unzip();
    record(house, session, Word::new("new_recovery_codes"), own(account)).await?;
    let batch = login_sessions::hold(Batch::new(), practice, account, session.id());
    house.stores.identity.commit(rows::replace_all(batch, practice, account, &hashes)).await?;
    Ok(shown)
}
