//! Whom an incident is about: they may not read it, and decide nothing about it.

use super::{INCIDENT, IncidentError, Whose, affected::Asked, open, reason};
use crate::{Event, House, record::resource, staff, trail::Touches};
use domain::{AccountId, IncidentId, IncidentSubject, PracticeId, Role};
use identity::{Full, Session};
use ledger::{Outcome, Word};
use std::collections::BTreeSet;
use store::{
    StoreError,
    rows::{
        accounts::AccountState,
        incidents::{self as rows, IncidentRow, freezing},
    },
};

/// Whether an incident is kept from somebody.
pub(super) enum Kept {
    /// It is not about them.
    No,
    /// It may be about them, and nobody else in the practice could handle it.
    NobodyElse,
    /// It is about them.
    Yes,
}

/// All whom an incident is about, or may be.
pub(super) async fn all(house: &House, row: &IncidentRow) -> Result<BTreeSet<AccountId>, StoreError> {
    let behind = freezing::accounts(&house.stores.identity, row.practice_id, row.incident_id).await?;
    Ok(row.about.into_iter().chain(behind).collect())
}

/// Whether an incident is kept from an account. Behind an address may be everybody: where that leaves nobody who could handle it,
/// whoever can does, and it is marked.
pub(super) async fn kept_from(house: &House, row: &IncidentRow, account: AccountId) -> Result<Kept, StoreError> {
    let about = all(house, row).await?;
    if !about.contains(&account) {
        return Ok(Kept::No);
    }
    if row.subject != IncidentSubject::Address {
        return Ok(Kept::Yes);
    }
    let handles = |role| matches!(role, Role::Admin | Role::PrivacyOfficer);
    let staff = staff::everybody(house, row.practice_id).await?;
    let mut others = staff.iter().filter(|other| {
        handles(other.role) && other.state == AccountState::Active && !about.contains(&other.account_id)
    });
    Ok(if others.next().is_some() { Kept::Yes } else { Kept::NobodyElse })
}

/// Refuses whom an incident is about, as if there were none, which is recorded. That somebody handles it who may be meant is
/// recorded too.
pub(super) async fn refuse(house: &House, session: &Session<Full>, row: &IncidentRow) -> Result<(), IncidentError> {
    let what = resource(INCIDENT, row.incident_id);
    match kept_from(house, row, session.account()).await? {
        Kept::No => Ok(()),
        Kept::NobodyElse => {
            let marked = Event::done(Word::new("handle_own_incident"), what);
            house.record(session, Event { reason: Word::new("nobody-else"), ..marked }).await?;
            Ok(())
        }
        Kept::Yes => {
            let refused = Event::refused(Word::new("handle_own_incident"), what, Word::new("about-oneself"));
            house.record(session, refused).await?;
            Err(IncidentError::Unknown)
        }
    }
}

/// Whether the incident for which a hold was placed is kept from an account. A hold can carry any number: most are of no incident.
pub(crate) async fn lifts_not(
    house: &House,
    session: &Session<Full>,
    practice: PracticeId,
    number: &str,
) -> Result<bool, IncidentError> {
    let Ok(incident) = number.parse::<IncidentId>() else { return Ok(false) };
    let Some(row) = rows::by_id(&house.stores.identity, practice, incident).await? else { return Ok(false) };
    match kept_from(house, &row, session.account()).await? {
        Kept::No => Ok(false),
        Kept::Yes => Ok(true),
        Kept::NobodyElse => {
            let marked = reason(Event::done(Word::new("handle_own_incident"), resource(INCIDENT, incident)));
            house.record(session, Event { reason: Word::new("nobody-else"), ..marked }).await?;
            Ok(false)
        }
    }
}

/// The account whose doing it is, as far as one is known: the trail says whose a session or a token is.
pub(super) fn one(whose: Whose, touches: &Touches) -> Option<AccountId> {
    match whose {
        Whose::Account(account) => Some(account),
        Whose::Session(_) => touches.entries.iter().find_map(|touch| touch.actor).or(touches.chain.owner),
        Whose::Address(_) => None,
    }
}

/// Those of the staff who were allowed something, where a network address is asked about: any of them may be meant.
pub(super) async fn any(
    house: &House,
    practice: PracticeId,
    whose: Whose,
    touches: &Touches,
) -> Result<Vec<AccountId>, IncidentError> {
    if !matches!(whose, Whose::Address(_)) {
        return Ok(Vec::new());
    }
    let allowed = touches.entries.iter().filter(|touch| touch.outcome != Outcome::Denied);
    let seen: BTreeSet<AccountId> = allowed.filter_map(|touch| touch.actor).collect();
    let staff = staff::everybody(house, practice).await?;
    Ok(staff.into_iter().map(|row| row.account_id).filter(|account| seen.contains(account)).collect())
}

/// The question that an incident asks.
pub(super) fn question(row: &IncidentRow) -> Result<Asked, IncidentError> {
    Ok(Asked { whose: open::whose(row.subject, &row.subject_id)?, from: row.from, to: row.to })
}
