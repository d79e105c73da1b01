//! Approving a plan: two different people, in person; and taking one back.

use super::{PLAN, RetentionError};
use crate::{Event, House, accounts::in_person, record::resource};
use domain::{AccountId, PlanId};
use identity::{Full, Session};
use ledger::Word;
use phi::{Purpose, Retain};
use store::{
    Batch,
    rows::{
        legal_holds,
        retention::{self, PlanRow, PlanState},
    },
};

async fn open_plan(
    house: &House,
    session: &Session<Full>,
    plan: PlanId,
    action: Word,
) -> Result<PlanRow, RetentionError> {
    let purpose = Purpose::operations(resource(PLAN, plan));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let row = retention::plan(&house.stores.identity, grant.practice(), plan).await?;
    let row = row.ok_or(RetentionError::Unknown)?;
    in_person(house, session)?;
    house.record(session, Event::done(action, resource(PLAN, plan))).await?;
    Ok(row)
}

/// Approves a plan. After the second approval, by somebody else than the first, the cooling-off time begins.
pub async fn approve(house: &House, session: &Session<Full>, plan: PlanId) -> Result<PlanRow, RetentionError> {
    let row = open_plan(house, session, plan, Word::new("approve_retention_plan")).await?;
    if row.state != PlanState::Open {
        return Err(RetentionError::NotOpen);
    }
    let (identity, me, now) = (&house.stores.identity, session.account(), house.clock.now());
    let asks: Vec<AccountId> = [Some(me), row.made_by].into_iter().flatten().collect();
    for account in asks {
        if legal_holds::lifted_for_plan(identity, row.practice_id, plan, account).await? {
            return Err(RetentionError::BothHands);
        }
    }
    let batch = match row.first {
        None => retention::approve_first(Batch::new(), row.practice_id, plan, me, now),
        Some((first, _)) if first == me => return Err(RetentionError::SamePerson),
        Some(_) => retention::approve_second(Batch::new(), row.practice_id, plan, me, now),
    };
    identity.commit(batch).await?;
    retention::plan(identity, row.practice_id, plan).await?.ok_or(RetentionError::Unknown)
}

/// Takes a plan back that was not carried out. Whoever of it was listed for destruction already stays destroyed.
pub async fn withdraw(house: &House, session: &Session<Full>, plan: PlanId) -> Result<(), RetentionError> {
    let row = open_plan(house, session, plan, Word::new("withdraw_retention_plan")).await?;
    Ok(house.stores.identity.commit(retention::withdraw_plan(Batch::new(), row.practice_id, plan)).await?)
}
