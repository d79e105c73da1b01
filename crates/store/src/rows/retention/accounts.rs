//! The billing accounts of a plan.
//!
//! An account is named here by its pseudonym, and nothing here says whose it is: no patient, no hold.

use super::super::legal_holds::HoldsSeen;
use crate::{Batch, Db, Row, StoreError};
use domain::{
    AccountId, BillingAccountId, Date, Invalid, PlanId, PracticeId, Timestamp, retention::AccountVerdictKind,
};

stored_words! {
    /// How far one account of a plan has come. What is named is durable.
    AccountStep {
        /// In the plan, not begun.
        Planned = "planned",
        /// Spared: kept by the rules after all, held, or somebody wrote on it since.
        Spared = "spared",
        /// About to be listed: no hold covered the patient behind it at that moment, and the plan still stood. From here on no
        /// hold is placed on them and nobody writes on the account; what a run that was cut off left here and did not list goes
        /// back to the beginning.
        Condemned = "condemned",
        /// In the destruction ledger: from here on there is no way back.
        Listed = "listed",
        /// The wrapped key is destroyed.
        KeyDestroyed = "key_destroyed",
        /// The rows of the billing store are gone.
        RowsGone = "rows_gone",
        /// The link to the patient is gone.
        LinkGone = "link_gone",
        /// What the databases had deleted is overwritten.
        Scrubbed = "scrubbed",
        /// The certificate is issued.
        Certified = "certified",
        /// Nothing to do: listed for a decision only.
        Listing = "listing",
    }
}

/// One account of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountItemRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The plan.
    pub plan_id: PlanId,
    /// The account.
    pub account_id: BillingAccountId,
    /// What the rules said when the plan was made.
    pub verdict: AccountVerdictKind,
    /// The last day of activity.
    pub last_activity: Date,
    /// The last day of keeping.
    pub kept_until: Date,
    /// The rule that kept it longest.
    pub rule: String,
    /// How many rows of which table would go, JSON.
    pub goes: String,
    /// How far it has come.
    pub step: AccountStep,
    /// When it last moved on.
    pub changed_at: Timestamp,
    /// The rule by which it was condemned: those in force may have changed since the plan was made.
    pub executed_rule: Option<String>,
}

/// One account of one plan.
pub type Place = (PracticeId, PlanId, BillingAccountId);

/// The steps between condemnation and certificate, for SQL.
macro_rules! under_way {
    () => {
        "('condemned', 'listed', 'key_destroyed', 'rows_gone', 'link_gone', 'scrubbed')"
    };
}

macro_rules! select_item {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, plan_id, billing_account_id, verdict, last_activity, kept_until, rule, goes, step, \
             changed_at, executed_rule FROM billing_retention_items ",
            $rest
        )
    };
}

/// Adds an account to a plan.
pub fn insert_item(batch: Batch, row: &AccountItemRow) -> Batch {
    const SQL: &str = "INSERT INTO billing_retention_items (practice_id, plan_id, billing_account_id, verdict, \
                       last_activity, kept_until, rule, goes, step, changed_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let params = &[
        row.practice_id.into(),
        row.plan_id.into(),
        row.account_id.into(),
        row.verdict.word().into(),
        row.last_activity.into(),
        row.kept_until.into(),
        (&row.rule).into(),
        (&row.goes).into(),
        row.step.word().into(),
        row.changed_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Up to `limit` accounts of a plan after `after`, in the order of their ids; all, or those at one step.
pub async fn items(
    db: &Db,
    (practice, plan, after): Place,
    step: Option<AccountStep>,
    limit: i64,
) -> Result<Vec<AccountItemRow>, StoreError> {
    let all = select_item!(
        "WHERE practice_id = $1 AND plan_id = $2 AND billing_account_id > $3 ORDER BY billing_account_id LIMIT $4"
    );
    let at = select_item!(
        "WHERE practice_id = $1 AND plan_id = $2 AND step = $3 AND billing_account_id > $4 \
         ORDER BY billing_account_id LIMIT $5"
    );
    let rows = match step {
        None => db.rows(all, &[practice.into(), plan.into(), after.into(), limit.into()]).await?,
        Some(step) => {
            let params = &[practice.into(), plan.into(), step.word().into(), after.into(), limit.into()];
            db.rows(at, params).await?
        }
    };
    rows.iter().map(read_item).collect()
}

/// How many accounts of a plan stand at each step, of each verdict.
pub async fn counts(
    db: &Db,
    practice: PracticeId,
    plan: PlanId,
) -> Result<Vec<(AccountVerdictKind, AccountStep, i64)>, StoreError> {
    const SQL: &str = "SELECT verdict, step, COUNT(*) FROM billing_retention_items WHERE practice_id = $1 \
                       AND plan_id = $2 GROUP BY verdict, step ORDER BY verdict, step";
    let rows = db.rows(SQL, &[practice.into(), plan.into()]).await?;
    rows.iter().map(|row| Ok((row.word(0)?, row.word(1)?, row.int(2)?))).collect()
}

/// Moves an account on from one step to another. A conflict when it does not stand there.
pub fn step(batch: Batch, place: Place, (from, to): (AccountStep, AccountStep), at: Timestamp) -> Batch {
    move_on(batch, place, (from, to), at).expect(1)
}

/// Spares an account that waits in a plan; nothing happens where it does not wait any more.
pub fn spare(batch: Batch, place: Place, at: Timestamp) -> Batch {
    move_on(batch, place, (AccountStep::Planned, AccountStep::Spared), at)
}

fn move_on(
    batch: Batch,
    (practice, plan, account): Place,
    (from, to): (AccountStep, AccountStep),
    at: Timestamp,
) -> Batch {
    const SQL: &str = "UPDATE billing_retention_items SET step = $1, changed_at = $2 \
                       WHERE practice_id = $3 AND plan_id = $4 AND billing_account_id = $5 AND step = $6";
    let params = &[to.word().into(), at.into(), practice.into(), plan.into(), account.into(), from.word().into()];
    batch.run(SQL, params)
}

/// Condemns an account that waits in a plan that still stands, by this rule, if no hold was placed and nobody was merged since
/// it was found out whose accounts are held. Nothing happens otherwise: then it is to be found out anew.
pub fn condemn(
    batch: Batch,
    (practice, plan, account): Place,
    at: Timestamp,
    rule: &str,
    HoldsSeen { holds, merges }: HoldsSeen,
) -> Batch {
    const SQL: &str = "UPDATE billing_retention_items SET step = 'condemned', changed_at = $1, executed_rule = $2 \
                       WHERE practice_id = $3 AND plan_id = $4 AND billing_account_id = $5 AND step = 'planned' \
                       AND EXISTS (SELECT 1 FROM retention_plans p WHERE p.practice_id = $3 AND p.plan_id = $4 \
                       AND p.state = 'approved') \
                       AND (SELECT COUNT(*) FROM legal_holds h WHERE h.practice_id = $3) = $6 \
                       AND (SELECT COUNT(*) FROM patient_merges m WHERE m.practice_id = $3) = $7";
    let params = &[at.into(), rule.into(), practice.into(), plan.into(), account.into(), holds.into(), merges.into()];
    batch.run(SQL, params)
}

/// Whether a plan that is not over names an account: it waits, or its destruction has begun.
pub async fn is_wanted(db: &Db, practice: PracticeId, account: BillingAccountId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM billing_retention_items WHERE practice_id = $1 AND billing_account_id = $2 \
                       AND step NOT IN ('spared', 'certified', 'listing') LIMIT 1";
    Ok(!db.rows(SQL, &[practice.into(), account.into()]).await?.is_empty())
}

/// Whether the destruction of an account has begun and its certificate is not issued.
pub async fn is_condemned(db: &Db, practice: PracticeId, account: BillingAccountId) -> Result<bool, StoreError> {
    const SQL: &str = concat!(
        "SELECT 1 FROM billing_retention_items WHERE practice_id = $1 AND billing_account_id = $2 AND step IN ",
        under_way!(),
        " LIMIT 1"
    );
    Ok(!db.rows(SQL, &[practice.into(), account.into()]).await?.is_empty())
}

/// A conflict while an account stands between condemnation and certificate.
pub fn not_condemned(batch: Batch, practice: PracticeId, account: BillingAccountId) -> Batch {
    // It must find nothing: a row that it would touch makes the whole batch a conflict.
    const SQL: &str = concat!(
        "UPDATE billing_retention_items SET step = step WHERE practice_id = $1 AND billing_account_id = $2 AND step IN ",
        under_way!()
    );
    batch.run(SQL, &[practice.into(), account.into()]).expect(0)
}

/// Takes an account that somebody is about to write on out of the plans in which it waits; a conflict when its destruction has
/// begun. When it was taken out is not noted: the moment would lead to what was written.
pub fn claim(batch: Batch, practice: PracticeId, account: BillingAccountId) -> Batch {
    const SQL: &str = "UPDATE billing_retention_items SET step = 'spared' WHERE practice_id = $1 \
                       AND billing_account_id = $2 AND step = 'planned'";
    not_condemned(batch, practice, account).run(SQL, &[practice.into(), account.into()])
}

/// Whether an account would go by a plan.
pub async fn is_due(db: &Db, (practice, plan, account): Place) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM billing_retention_items WHERE practice_id = $1 AND plan_id = $2 \
                       AND billing_account_id = $3 AND verdict = 'due' LIMIT 1";
    Ok(!db.rows(SQL, &[practice.into(), plan.into(), account.into()]).await?.is_empty())
}

/// Whether any account would go by a plan.
pub async fn any_due(db: &Db, practice: PracticeId, plan: PlanId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM billing_retention_items WHERE practice_id = $1 AND plan_id = $2 \
                       AND verdict = 'due' LIMIT 1";
    Ok(!db.rows(SQL, &[practice.into(), plan.into()]).await?.is_empty())
}

/// A conflict unless these two together have lifted as many holds as were seen: whether one of them covered somebody behind
/// an account of the plan was found out by those.
pub fn lifted_as_many(
    batch: Batch,
    practice: PracticeId,
    (one, other): (AccountId, Option<AccountId>),
    seen: i64,
) -> Batch {
    const SQL: &str = "UPDATE practices SET name = name WHERE practice_id = $1 AND (SELECT COUNT(*) FROM legal_holds h \
                       WHERE h.practice_id = $1 AND (h.lifted_by = $2 OR h.lifted_by = $3)) = $4";
    batch.run(SQL, &[practice.into(), one.into(), other.into(), seen.into()]).expect(1)
}

fn read_item(row: &Row) -> Result<AccountItemRow, StoreError> {
    Ok(AccountItemRow {
        practice_id: row.id(0)?,
        plan_id: row.id(1)?,
        account_id: row.id(2)?,
        verdict: row.word(3)?,
        last_activity: row.date(4)?,
        kept_until: row.date(5)?,
        rule: row.text(6)?.to_owned(),
        goes: row.text(7)?.to_owned(),
        step: row.word(8)?,
        changed_at: row.timestamp(9)?,
        executed_rule: row.opt_text(10)?.map(str::to_owned),
    })
}
