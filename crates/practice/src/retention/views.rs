//! Plans as the privacy officer sees them: who by id, why, by which rule, what would go.

use super::{PLAN, RetentionError, rests_until};
use crate::{
    House, page,
    record::{Names, Person},
};
use domain::{Date, PatientId, PlanId, Timestamp, retention::VerdictKind};
use identity::{Full, Session};
use ledger::Resource;
use phi::{Purpose, Retain};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use store::rows::retention::{
    self, ItemStep, PlanRow, PlanState,
    accounts::{self, AccountStep},
};

/// A plan.
#[derive(Serialize, JsonSchema)]
pub struct PlanView {
    /// The plan.
    pub plan_id: PlanId,
    /// What it destroys: `clinical` (records of patients) or `billing` (billing accounts).
    pub kind: &'static str,
    /// Who made it; none for the command line.
    pub made_by: Option<Person>,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub made_at: Timestamp,
    /// The practice's day for which it was judged.
    pub today: Date,
    /// `draft`, `open`, `approved`, `withdrawn` or `done`.
    pub state: &'static str,
    /// How many patients, or accounts, were looked at.
    pub looked_at: u64,
    /// Who approved it so far.
    pub approved_by: Vec<Person>,
    /// From when on it may be carried out.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub not_before: Option<Timestamp>,
    /// When it was carried out.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub finished_at: Option<Timestamp>,
}

/// A plan with how many of its patients, or accounts, stand where.
#[derive(Serialize, JsonSchema)]
pub struct PlanDetails {
    /// The plan.
    #[serde(flatten)]
    pub plan: PlanView,
    /// How many are due, held or without a visit; of accounts, how many are due, not balanced or with a draft.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// How many of those who are due have come how far.
    pub steps: BTreeMap<&'static str, u64>,
    /// The rules by which it was judged.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub rules: serde_json::Value,
}

/// One patient of a plan.
#[derive(Serialize, JsonSchema)]
pub struct ItemView {
    /// The patient, by id: names are not needed here.
    pub patient_id: PatientId,
    /// `due`, `hold` or `no_visit`; in plans that were made when billing kept a record, `billed`.
    pub verdict: &'static str,
    /// The last day of care.
    pub last_care: Option<Date>,
    /// The last day of keeping.
    pub kept_until: Option<Date>,
    /// The rule that kept it longest.
    pub rule: String,
    /// How many rows of which table would go.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub goes: serde_json::Value,
    /// Whether billing knows the patient: then it keeps name, e-mail and telephone until its own retention is over.
    pub billing_keeps: bool,
    /// How far it has come.
    pub step: &'static str,
}

async fn allowed<'s>(
    house: &House,
    session: &'s Session<Full>,
) -> Result<phi::PracticeGrant<'s, Retain>, RetentionError> {
    let purpose = Purpose::operations(Resource::whole(PLAN));
    Ok(house.guard.authorize_practice::<Retain>(session, purpose).await?)
}

async fn view(names: &mut Names<'_>, row: &PlanRow) -> Result<PlanView, RetentionError> {
    let made_by = match row.made_by {
        Some(account) => Some(names.person(account).await?),
        None => None,
    };
    let mut approved_by = Vec::new();
    for (account, _) in [row.first, row.second].into_iter().flatten() {
        approved_by.push(names.person(account).await?);
    }
    Ok(PlanView {
        plan_id: row.plan_id,
        kind: row.kind.word(),
        made_by,
        made_at: row.made_at,
        today: row.today,
        state: row.state.word(),
        looked_at: row.looked_at.unsigned_abs(),
        approved_by,
        not_before: row
            .second
            .filter(|_| row.state == PlanState::Approved)
            .map(|(_, at)| rests_until(at, row.cooling_hours)),
        finished_at: row.finished_at,
    })
}

/// The plans of the practice, newest first.
pub async fn plans(house: &House, session: &Session<Full>) -> Result<Vec<PlanView>, RetentionError> {
    let grant = allowed(house, session).await?;
    let mut names = Names::new(house, session);
    let mut views = Vec::new();
    for row in retention::plans(&house.stores.identity, grant.practice()).await? {
        views.push(view(&mut names, &row).await?);
    }
    Ok(views)
}

/// One plan.
pub async fn plan_details(house: &House, session: &Session<Full>, plan: PlanId) -> Result<PlanDetails, RetentionError> {
    let grant = allowed(house, session).await?;
    let identity = &house.stores.identity;
    let row = retention::plan(identity, grant.practice(), plan).await?.ok_or(RetentionError::Unknown)?;
    let (mut verdicts, mut steps) = (BTreeMap::new(), BTreeMap::new());
    for (verdict, step, count) in retention::counts(identity, grant.practice(), plan).await? {
        *verdicts.entry(verdict.word()).or_default() += count.unsigned_abs();
        if verdict == VerdictKind::Due && step != ItemStep::Listing {
            *steps.entry(step.word()).or_default() += count.unsigned_abs();
        }
    }
    for (verdict, step, count) in accounts::counts(identity, grant.practice(), plan).await? {
        *verdicts.entry(verdict.word()).or_default() += count.unsigned_abs();
        if step != AccountStep::Listing {
            *steps.entry(step.word()).or_default() += count.unsigned_abs();
        }
    }
    let rules = serde_json::from_str(&row.rules).unwrap_or_default();
    Ok(PlanDetails { plan: view(&mut Names::new(house, session), &row).await?, verdicts, steps, rules })
}

/// Up to `limit` patients of a plan after `after`, in the order of their ids.
pub async fn plan_items(
    house: &House,
    session: &Session<Full>,
    plan: PlanId,
    after: Option<PatientId>,
    limit: usize,
) -> Result<(Vec<ItemView>, Option<PatientId>), RetentionError> {
    let grant = allowed(house, session).await?;
    let identity = &house.stores.identity;
    retention::plan(identity, grant.practice(), plan).await?.ok_or(RetentionError::Unknown)?;
    let first = after.unwrap_or(PatientId::from_bytes([0; 16]));
    let mut rows = retention::items(identity, grant.practice(), plan, None, first, page::surplus(limit)).await?;
    let next = page::cut(&mut rows, limit, |row| row.patient_id);
    let items = rows.into_iter().map(|row| ItemView {
        patient_id: row.patient_id,
        verdict: row.verdict.word(),
        last_care: row.last_care,
        kept_until: row.kept_until,
        rule: row.rule,
        goes: serde_json::from_str(&row.goes).unwrap_or_default(),
        billing_keeps: row.billing_keeps,
        step: row.step.word(),
    });
    Ok((items.collect(), next))
}
