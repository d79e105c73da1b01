//! Who is signed in.

use super::AccountError;
use crate::House;
use domain::{AccountId, PatientId, PracticeId, Role, Timestamp, Timezone};
use identity::{FactorKind, Full, Session};
use store::rows::{accounts, practices};

/// Whoever is signed in, as they see themself.
pub struct Me {
    /// Their account.
    pub account_id: AccountId,
    /// Their practice.
    pub practice_id: PracticeId,
    /// What their account is for.
    pub role: Role,
    /// The address that signs in.
    pub email: String,
    /// The name that others see.
    pub display_name: String,
    /// The patient that they are, if they are one.
    pub patient_id: Option<PatientId>,
    /// The factor that was proven last.
    pub factor: FactorKind,
    /// When it was proven.
    pub factor_at: Timestamp,
    /// When the session ends, whatever is done.
    pub expires_at: Timestamp,
}

/// Who is signed in.
pub async fn me(house: &House, session: &Session<Full>) -> Result<Me, AccountError> {
    let row = accounts::by_id(&house.stores.identity, session.practice(), session.account()).await?;
    let row = row.ok_or(AccountError::Gone)?;
    let email = house.vault.open_directory(session, row.account_id, &row.email).await?;
    let name = house.vault.open_directory(session, row.account_id, &row.display_name).await?;
    let lasts = house.sessions.limits().absolute;
    Ok(Me {
        account_id: row.account_id,
        practice_id: row.practice_id,
        role: row.role,
        email: email.expose().as_str().to_owned(),
        display_name: name.expose().as_str().to_owned(),
        patient_id: row.patient_id,
        factor: session.factor_kind(),
        factor_at: session.factor_at(),
        expires_at: session.created_at().checked_add(lasts).unwrap_or(Timestamp::MAX),
    })
}

/// The name that others see of whoever is signed in.
pub async fn display_name(house: &House, session: &Session<Full>) -> Result<String, AccountError> {
    let row = accounts::by_id(&house.stores.identity, session.practice(), session.account()).await?;
    let row = row.ok_or(AccountError::Gone)?;
    let name = house.vault.open_directory(session, row.account_id, &row.display_name).await?;
    Ok(name.expose().as_str().to_owned())
}

/// The time zone of one's own practice.
pub async fn zone(house: &House, session: &Session<Full>) -> Result<Timezone, AccountError> {
    let row = practices::by_id(&house.stores.identity, session.practice()).await?.ok_or(AccountError::Gone)?;
    Timezone::new(&row.timezone).map_err(|_| AccountError::Gone)
}
