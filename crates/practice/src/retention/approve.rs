//! Approving a plan: two different people, in person; and taking one back.

use super::{PLAN, RetentionError, accounts::accounts_of_person, same_person::SamePerson};
use crate::{Event, House, accounts::in_person, record::resource};
use domain::{AccountId, PermissionName, PlanId, PracticeId};
use identity::{Full, Session};
use ledger::{Receipt, Word};
use phi::{Purpose, Retain};
use store::{
    Batch, StoreError,
    rows::{
        accounts, legal_holds, login_sessions,
        retention::{self, PlanKind, PlanRow, PlanState},
    },
};

/// A plan, for somebody who is there in person.
async fn found(house: &House, session: &Session<Full>, plan: PlanId) -> Result<(PlanRow, Receipt), RetentionError> {
    let purpose = Purpose::operations(resource(PLAN, plan));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let row = retention::plan(&house.stores.identity, grant.practice(), plan).await?;
    let row = row.ok_or(RetentionError::Unknown)?;
    in_person(house, session)?;
    Ok((row, grant.receipt().clone()))
}

/// What is asked for in a session is stored only while that is there.
fn held(session: &Session<Full>) -> Batch {
    login_sessions::hold(Batch::new(), session.practice(), session.account(), session.id())
}

/// Whether somebody may have records destroyed, as things stand. Who approved a plan and has left since, or is something else
/// now, stands for nothing any more.
pub(super) async fn may_approve(house: &House, practice: PracticeId, account: AccountId) -> Result<bool, StoreError> {
    let claims = accounts::claims(&house.stores.identity, practice, account).await?;
    let allowed = |role| house.guard.policy().on_practice(role, PermissionName::Retain).allowed;
    Ok(claims.is_some_and(|claims| claims.active && allowed(claims.role)))
}

/// How many holds one who approves, and whoever made the plan, lifted; none where one of them covered somebody behind a billing
/// account that would go by the plan. Those are asked for whom a hold covered, against the proof that it was recorded.
async fn lifted_beside(
    house: &House,
    recorded: &Receipt,
    row: &PlanRow,
    me: AccountId,
) -> Result<Option<i64>, RetentionError> {
    let (identity, practice) = (&house.stores.identity, row.practice_id);
    let lifted = legal_holds::lifted_by(identity, practice, (me, row.made_by)).await?;
    let count = i64::try_from(lifted.len()).unwrap_or(i64::MAX);
    if lifted.is_empty() {
        return Ok(Some(count));
    }
    if lifted.contains(&None) && retention::accounts::any_due(identity, practice, row.plan_id).await? {
        return Ok(None);
    }
    let people = SamePerson::read(identity, practice).await?;
    for patient in lifted.into_iter().flatten() {
        for account in accounts_of_person(house, recorded, practice, &people.records(patient)).await? {
            if retention::accounts::is_due(identity, (practice, row.plan_id, account)).await? {
                return Ok(None);
            }
        }
    }
    Ok(Some(count))
}

/// Why this approval does not count, in a word for the audit trail.
async fn refusal(
    house: &House,
    row: &PlanRow,
    me: AccountId,
) -> Result<Option<(&'static str, RetentionError)>, StoreError> {
    if row.state != PlanState::Open {
        return Ok(Some(("plan-not-open", RetentionError::NotOpen)));
    }
    for account in [Some(me), row.made_by].into_iter().flatten() {
        if legal_holds::lifted_for_plan(&house.stores.identity, row.practice_id, row.plan_id, account).await? {
            return Ok(Some(("lifted-a-hold", RetentionError::BothHands)));
        }
    }
    let first = row.first.is_some_and(|(first, _)| first == me);
    Ok(first.then_some(("same-person", RetentionError::SamePerson)))
}

/// Approves a plan. After the second approval, by somebody else than the first, the cooling-off time begins. The first counts as
/// long as whoever gave it may approve: otherwise this one takes its place.
pub async fn approve(house: &House, session: &Session<Full>, plan: PlanId) -> Result<PlanRow, RetentionError> {
    const ACTION: Word = Word::new("approve_retention_plan");
    let (row, receipt) = found(house, session, plan).await?;
    let (identity, practice, me, now) = (&house.stores.identity, row.practice_id, session.account(), house.clock.now());
    let mut refused = refusal(house, &row, me).await?;
    let mut batch = held(session);
    if refused.is_none() && row.kind == PlanKind::Billing {
        match lifted_beside(house, &receipt, &row, me).await? {
            None => refused = Some(("lifted-a-hold", RetentionError::BothHands)),
            Some(seen) => batch = retention::accounts::lifted_as_many(batch, practice, (me, row.made_by), seen),
        }
    }
    if let Some((reason, error)) = refused {
        house.record(session, Event::refused(ACTION, resource(PLAN, plan), Word::new(reason))).await?;
        return Err(error);
    }
    house.record(session, Event::done(ACTION, resource(PLAN, plan))).await?;
    let batch = match row.first {
        None => retention::approve_first(batch, practice, plan, me, now),
        Some((first, _)) if may_approve(house, practice, first).await? => {
            retention::approve_second(batch, practice, plan, me, now)
        }
        Some((gone, _)) => retention::approve_instead(batch, practice, plan, (me, gone), now),
    };
    identity.commit(batch).await?;
    retention::plan(identity, practice, plan).await?.ok_or(RetentionError::Unknown)
}

/// Takes a plan back that was not carried out; one that is being carried out goes no further. Whoever of it was listed for
/// destruction already stays destroyed.
pub async fn withdraw(house: &House, session: &Session<Full>, plan: PlanId) -> Result<(), RetentionError> {
    let (row, _) = found(house, session, plan).await?;
    house.record(session, Event::done(Word::new("withdraw_retention_plan"), resource(PLAN, plan))).await?;
    Ok(house.stores.identity.commit(retention::withdraw_plan(held(session), row.practice_id, plan)).await?)
}
