//! The accounts of a plan as the privacy officer sees them: by pseudonym.

use super::super::{PLAN, RetentionError};
use crate::{House, page};
use domain::{BillingAccountId, Date, PlanId};
use identity::{Full, Session};
use ledger::Resource;
use phi::{Purpose, Retain};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use store::rows::retention::{self, accounts};

/// One billing account of a plan.
#[derive(Serialize, JsonSchema)]
pub struct AccountItemView {
    /// The account, by its pseudonym: whose it is, is not known here.
    pub account_id: BillingAccountId,
    /// `due`, `balance` or `draft`.
    pub verdict: &'static str,
    /// The last day of activity.
    pub last_activity: Date,
    /// The last day of keeping.
    pub kept_until: Date,
    /// The rule that kept it longest.
    pub rule: String,
    /// How many rows of which table would go.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub goes: serde_json::Value,
    /// How far it has come.
    pub step: &'static str,
}

/// Up to `limit` accounts of a plan after `after`, in the order of their ids; none of a plan of records.
pub async fn plan_account_items(
    house: &House,
    session: &Session<Full>,
    plan: PlanId,
    after: Option<BillingAccountId>,
    limit: usize,
) -> Result<(Vec<AccountItemView>, Option<BillingAccountId>), RetentionError> {
    let purpose = Purpose::operations(Resource::whole(PLAN));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let (identity, practice) = (&house.stores.identity, grant.practice());
    retention::plan(identity, practice, plan).await?.ok_or(RetentionError::Unknown)?;
    let first = after.unwrap_or(BillingAccountId::from_bytes([0; 16]));
    let mut rows = accounts::items(identity, (practice, plan, first), None, page::surplus(limit)).await?;
    let next = page::cut(&mut rows, limit, |row| row.account_id);
    let items = rows.into_iter().map(|row| AccountItemView {
        account_id: row.account_id,
        verdict: row.verdict.word(),
        last_activity: row.last_activity,
        kept_until: row.kept_until,
        rule: row.rule,
        goes: serde_json::from_str(&row.goes).unwrap_or_default(),
        step: row.step.word(),
    });
    Ok((items.collect(), next))
}
