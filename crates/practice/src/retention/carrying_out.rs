//! Whether a plan may be carried out, and still may: the same for records and for billing accounts.

use super::{
    PLAN,
    approve::may_approve,
    plan::unattended,
    purge::{PurgeError, Purged, Signing},
    rests_until,
};
use crate::{Actor, Event, House, record::resource};
use domain::{PlanId, PracticeId, TaskObserver};
use identity::Origin;
use ledger::{DestructionLedger, Receipt, Word};
use store::{
    StoreError,
    rows::retention::{self, PlanKind, PlanRow, PlanState},
};

/// Carries an approved plan out, of records or of billing accounts, or goes on with it.
pub async fn purge(
    house: &House,
    practice: PracticeId,
    plan: PlanId,
    signing: &Signing,
    ledger: &mut DestructionLedger,
    observer: &dyn TaskObserver,
) -> Result<Purged, PurgeError> {
    let row = retention::plan(&house.stores.identity, practice, plan).await?.ok_or(PurgeError::Unknown)?;
    let progress = match row.kind {
        PlanKind::Clinical => super::purge::progress(house, &row).await?,
        PlanKind::Billing => super::accounts::progress(house, &row).await?,
    };
    if !is_time(house, &row, progress.under_way)? {
        return Ok(Purged::default());
    }
    match row.kind {
        PlanKind::Clinical => super::purge::purge(house, row, signing, ledger, observer).await,
        PlanKind::Billing => super::accounts::purge(house, row, signing, ledger, observer).await,
    }
}

/// Whether there is anything to do, and two people approved it long enough ago.
fn is_time(house: &House, row: &PlanRow, under_way: bool) -> Result<bool, PurgeError> {
    match (row.state, row.second) {
        (PlanState::Done, _) if !under_way => Ok(false),
        (PlanState::Approved, Some((_, approved_at))) => {
            let rests_until = rests_until(approved_at, row.cooling_hours);
            if house.clock.now() < rests_until { Err(PurgeError::Cooling(rests_until)) } else { Ok(true) }
        }
        // What was listed before it was taken back is destroyed to the end, and nothing else; what was condemned is let go. A
        // restore takes the approvals of a plan that was under way.
        (PlanState::Withdrawn, _) if under_way => Ok(true),
        (PlanState::Done, Some(_)) => Ok(true),
        (state, _) => Err(PurgeError::NotApproved(state.word())),
    }
}

/// Records that a plan is carried out. Who does, and the proof.
pub(super) async fn begin(house: &House, plan: &PlanRow) -> Result<(Actor, Origin, Receipt), PurgeError> {
    let (actor, origin) = unattended(house, plan.practice_id);
    let begun = Event {
        reason: Word::new("approved-by-two"),
        ..Event::done(Word::new("carry_out_retention_plan"), resource(PLAN, plan.plan_id))
    };
    let receipt = house.record_as(actor, origin, begun).await?;
    Ok((actor, origin, receipt))
}

/// Refused where the plan was taken back meanwhile, or somebody who approved it may not do so any more.
pub(super) async fn still_stands(house: &House, plan: &PlanRow) -> Result<(), PurgeError> {
    let row = retention::plan(&house.stores.identity, plan.practice_id, plan.plan_id).await?;
    let row = row.ok_or(PurgeError::Unknown)?;
    if row.state != PlanState::Approved {
        return Err(PurgeError::NotApproved(row.state.word()));
    }
    for (account, _) in [row.first, row.second].into_iter().flatten() {
        if !may_approve(house, plan.practice_id, account).await? {
            return Err(PurgeError::Approver);
        }
    }
    Ok(())
}

/// Whether the plan still waits to be carried out on.
pub(super) async fn is_approved(house: &House, plan: &PlanRow) -> Result<bool, StoreError> {
    let row = retention::plan(&house.stores.identity, plan.practice_id, plan.plan_id).await?;
    Ok(row.is_some_and(|row| row.state == PlanState::Approved))
}
