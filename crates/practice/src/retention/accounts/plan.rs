//! The dry run: which accounts would go, by which rule, and what of theirs.

use super::{
    super::{
        PLAN, RetentionError,
        plan::{draft, unattended},
    },
    judge::Judge,
};
use crate::{Actor, Event, House, record::resource};
use domain::{
    AccountId, BillingAccountId, Date, PatientId, PlanId, PracticeId, TaskObserver,
    retention::{AccountVerdict, AccountVerdictKind},
};
use identity::{Full, Session};
use ledger::Word;
use phi::{Purpose, Retain};
use store::{
    Batch,
    rows::{
        billing::standing,
        keys,
        retention::{
            self, PlanKind,
            accounts::{self, AccountItemRow, AccountStep},
        },
    },
};

/// Accounts that are looked at together.
const AT_ONCE: i64 = 500;

/// Makes a plan of billing accounts in the name of the caller.
pub async fn plan_accounts(
    house: &House,
    session: &Session<Full>,
    observer: &dyn TaskObserver,
) -> Result<PlanId, RetentionError> {
    let plan_id = PlanId::random(&*house.rng);
    let purpose = Purpose::operations(resource(PLAN, plan_id));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let judge = Judge::new(house, grant.practice(), Actor::of_session(session), session.origin()).await?;
    put_together(judge, plan_id, Some(session.account()), observer).await
}

/// Makes a plan of billing accounts for the command line, which is recorded as such.
pub async fn plan_accounts_unattended(
    house: &House,
    practice: PracticeId,
    observer: &dyn TaskObserver,
) -> Result<PlanId, RetentionError> {
    let plan_id = PlanId::random(&*house.rng);
    let (actor, origin) = unattended(house, practice);
    let event = Event {
        reason: Word::new("command-line"),
        ..Event::done(Word::new("plan_billing_retention"), resource(PLAN, plan_id))
    };
    house.record_as(actor, origin, event).await?;
    put_together(Judge::new(house, practice, actor, origin).await?, plan_id, None, observer).await
}

async fn put_together(
    mut judge: Judge<'_>,
    plan_id: PlanId,
    made_by: Option<AccountId>,
    observer: &dyn TaskObserver,
) -> Result<PlanId, RetentionError> {
    let (house, practice, branch) = (judge.house, judge.practice, judge.branch);
    let identity = &house.stores.identity;
    let rules = serde_json::to_string(&house.retention.billing).unwrap_or_default();
    let row = draft(house, (practice, plan_id, PlanKind::Billing), made_by, &judge.zone, rules);
    identity.commit(retention::insert_plan(Batch::new(), &row)).await?;
    let total = keys::count_owners(&house.stores.keys, branch).await?;
    let (mut after, mut looked_at) = (PatientId::from_bytes([0; 16]), 0);
    loop {
        // Every account has a key, if nothing else.
        let owners = keys::owners(&house.stores.keys, branch, after, AT_ONCE).await?;
        let Some(last) = owners.last() else { break };
        after = *last;
        let accounts: Vec<_> = owners.iter().map(|owner| BillingAccountId::from_bytes(*owner.as_bytes())).collect();
        let mut batch = Batch::new();
        for (account, judged) in accounts.iter().zip(judge.verdicts(&accounts).await?.verdicts) {
            let Some((verdict, last_activity)) = judged else { continue };
            if let Some(item) = item(house, (practice, branch, plan_id), *account, verdict, last_activity).await? {
                batch = accounts::insert_item(batch, &item);
            }
        }
        identity.commit(batch).await?;
        looked_at += owners.len() as u64;
        observer.progress(looked_at, total.max(looked_at));
    }
    let looked_at = i64::try_from(looked_at).unwrap_or(i64::MAX);
    identity.commit(retention::open_plan(Batch::new(), practice, plan_id, looked_at)).await?;
    observer.reached("opened");
    Ok(plan_id)
}

/// The line of an account that is due or wants a decision. One that is held has none: beside the hold it would say whose it is.
async fn item(
    house: &House,
    (practice_id, branch, plan_id): (PracticeId, PracticeId, PlanId),
    account_id: BillingAccountId,
    verdict: AccountVerdict,
    last_activity: Date,
) -> Result<Option<AccountItemRow>, RetentionError> {
    let kind = verdict.kind();
    let (kept_until, rule) = match verdict {
        AccountVerdict::Keep { .. } | AccountVerdict::Hold | AccountVerdict::OnItsWay => return Ok(None),
        AccountVerdict::Due { until, rule }
        | AccountVerdict::Balance { until, rule }
        | AccountVerdict::Draft { until, rule } => (until, rule),
    };
    let due = kind == AccountVerdictKind::Due;
    let goes = if due { standing::count(&house.stores.billing, branch, account_id).await? } else { Default::default() };
    Ok(Some(AccountItemRow {
        practice_id,
        plan_id,
        account_id,
        verdict: kind,
        last_activity,
        kept_until,
        rule,
        goes: serde_json::to_string(&goes).unwrap_or_default(),
        step: if due { AccountStep::Planned } else { AccountStep::Listing },
        changed_at: house.clock.now(),
        executed_rule: None,
    }))
}
