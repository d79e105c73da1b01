//! Plans of what is to be destroyed, and how far each patient, or each billing account, of a plan has come.

use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, Date, Invalid, PlanId, PracticeId, Timestamp};

macro_rules! stored_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $name {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word under which it is stored.
            pub const fn word(self) -> &'static str { match self { $(Self::$variant => $word),* } }
        }
        impl std::str::FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(Invalid::new("is not a known word")) }
            }
        }
    };
}

pub mod accounts;
mod items;

pub use items::{ItemRow, ItemStep, condemn, counts, insert_item, is_condemned, item, items, step};

stored_words! {
    /// How far a plan has come.
    PlanState {
        /// It is being put together, or was cut off while it was.
        Draft = "draft",
        /// It waits for approvals.
        Open = "open",
        /// Two people approved it; it waits for its time or is being carried out.
        Approved = "approved",
        /// Somebody took it back.
        Withdrawn = "withdrawn",
        /// It was carried out.
        Done = "done",
    }
}

stored_words! {
    /// What a plan destroys: never both, so that no set of rows puts a patient beside an account.
    PlanKind {
        /// Records of patients.
        Clinical = "clinical",
        /// Billing accounts.
        Billing = "billing",
    }
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The plan.
    pub plan_id: PlanId,
    /// Who made it; none for the command line.
    pub made_by: Option<AccountId>,
    /// When.
    pub made_at: Timestamp,
    /// The practice's day for which it was judged.
    pub today: Date,
    /// The rules that were in force, JSON.
    pub rules: String,
    /// Hours between the second approval and execution.
    pub cooling_hours: u32,
    /// How far it has come.
    pub state: PlanState,
    /// How many patients, or accounts, were looked at.
    pub looked_at: i64,
    /// Who approved it first, and when.
    pub first: Option<(AccountId, Timestamp)>,
    /// Who approved it second, and when.
    pub second: Option<(AccountId, Timestamp)>,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// What it destroys.
    pub kind: PlanKind,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, plan_id, made_by, made_at, today, rules, cooling_hours, state, looked_at, first_by, \
             first_at, second_by, second_at, finished_at, kind FROM retention_plans ",
            $rest
        )
    };
}

/// One plan.
pub async fn plan(db: &Db, practice: PracticeId, plan: PlanId) -> Result<Option<PlanRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND plan_id = $2");
    db.optional(sql, &[practice.into(), plan.into()]).await?.as_ref().map(read_plan).transpose()
}

/// The plans of a practice, newest first, at most 200.
pub async fn plans(db: &Db, practice: PracticeId) -> Result<Vec<PlanRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 ORDER BY made_at DESC, plan_id LIMIT 200");
    db.rows(sql, &[practice.into()]).await?.iter().map(read_plan).collect()
}

/// Adds a plan.
pub fn insert_plan(batch: Batch, row: &PlanRow) -> Batch {
    const SQL: &str = "INSERT INTO retention_plans (practice_id, plan_id, made_by, made_at, today, rules, \
                       cooling_hours, state, looked_at, kind) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let params = &[
        row.practice_id.into(),
        row.plan_id.into(),
        row.made_by.into(),
        row.made_at.into(),
        row.today.into(),
        (&row.rules).into(),
        row.cooling_hours.into(),
        row.state.word().into(),
        row.looked_at.into(),
        row.kind.word().into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Opens a draft for approval, with how many patients, or accounts, were looked at.
pub fn open_plan(batch: Batch, practice: PracticeId, plan: PlanId, looked_at: i64) -> Batch {
    const SQL: &str = "UPDATE retention_plans SET state = 'open', looked_at = $1 \
                       WHERE practice_id = $2 AND plan_id = $3 AND state = 'draft'";
    batch.run(SQL, &[looked_at.into(), practice.into(), plan.into()]).expect(1)
}

/// What an approval wants besides: nobody asks for the destruction of whom they lifted a hold from.
macro_rules! approved_where {
    ($set:literal, $which:literal) => {
        concat!(
            "UPDATE retention_plans SET ",
            $set,
            " WHERE practice_id = $3 AND plan_id = $4 AND state = 'open' AND ",
            $which,
            " AND NOT EXISTS (SELECT 1 FROM legal_holds h, retention_items i WHERE h.practice_id = $3 \
             AND (h.lifted_by = $1 OR h.lifted_by = retention_plans.made_by) AND i.practice_id = $3 \
             AND i.plan_id = $4 AND i.verdict = 'due' AND (h.patient_id = i.patient_id OR h.patient_id IS NULL))"
        )
    };
}

/// The first approval of an open plan.
pub fn approve_first(batch: Batch, practice: PracticeId, plan: PlanId, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = approved_where!("first_by = $1, first_at = $2", "first_by IS NULL");
    batch.run(SQL, &[by.into(), at.into(), practice.into(), plan.into()]).expect(1)
}

/// The first approval, in the place of that of somebody who may not approve any more.
pub fn approve_instead(
    batch: Batch,
    practice: PracticeId,
    plan: PlanId,
    (by, of): (AccountId, AccountId),
    at: Timestamp,
) -> Batch {
    const SQL: &str = approved_where!("first_by = $1, first_at = $2", "first_by = $5 AND first_by <> $1");
    batch.run(SQL, &[by.into(), at.into(), practice.into(), plan.into(), of.into()]).expect(1)
}

/// The second approval, by somebody else than the first: the plan is approved.
pub fn approve_second(batch: Batch, practice: PracticeId, plan: PlanId, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = approved_where!(
        "second_by = $1, second_at = $2, state = 'approved'",
        "first_by IS NOT NULL AND first_by <> $1"
    );
    batch.run(SQL, &[by.into(), at.into(), practice.into(), plan.into()]).expect(1)
}

/// Takes a plan back that is not done.
pub fn withdraw_plan(batch: Batch, practice: PracticeId, plan: PlanId) -> Batch {
    const SQL: &str = "UPDATE retention_plans SET state = 'withdrawn' \
                       WHERE practice_id = $1 AND plan_id = $2 AND state IN ('draft', 'open', 'approved')";
    batch.run(SQL, &[practice.into(), plan.into()]).expect(1)
}

/// Takes every approval away from the plans of a store that was brought back from a backup: holds that were placed since, and
/// plans that were taken back since, are not known there.
pub fn ask_again(batch: Batch) -> Batch {
    const SQL: &str = "UPDATE retention_plans SET state = 'open', first_by = NULL, first_at = NULL, second_by = NULL, \
                       second_at = NULL WHERE state IN ('open', 'approved')";
    batch.run(SQL, &[])
}

/// Closes an approved plan that was carried out. A conflict while anybody of it stands between its beginning and a certificate.
pub fn finish_plan(batch: Batch, practice: PracticeId, plan: PlanId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE retention_plans SET state = 'done', finished_at = $1 \
                       WHERE practice_id = $2 AND plan_id = $3 AND state = 'approved' \
                       AND NOT EXISTS (SELECT 1 FROM retention_items i WHERE i.practice_id = $2 AND i.plan_id = $3 \
                       AND i.step NOT IN ('spared', 'certified', 'listing')) \
                       AND NOT EXISTS (SELECT 1 FROM billing_retention_items i WHERE i.practice_id = $2 \
                       AND i.plan_id = $3 AND i.step NOT IN ('spared', 'certified', 'listing'))";
    batch.run(SQL, &[at.into(), practice.into(), plan.into()]).expect(1)
}

fn read_plan(row: &Row) -> Result<PlanRow, StoreError> {
    let pair = |id, at| -> Result<Option<(AccountId, Timestamp)>, StoreError> {
        Ok(row.opt_id(id)?.zip(row.opt_timestamp(at)?))
    };
    Ok(PlanRow {
        practice_id: row.id(0)?,
        plan_id: row.id(1)?,
        made_by: row.opt_id(2)?,
        made_at: row.timestamp(3)?,
        today: row.date(4)?,
        rules: row.text(5)?.to_owned(),
        cooling_hours: row.number(6)?,
        state: row.word(7)?,
        looked_at: row.int(8)?,
        first: pair(9, 10)?,
        second: pair(11, 12)?,
        finished_at: row.opt_timestamp(13)?,
        kind: row.word(14)?,
    })
}

/// Whether the account made or approved a plan that is not over.
pub async fn asks_for_destruction(db: &Db, practice: PracticeId, account: AccountId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM retention_plans WHERE practice_id = $1 \
                       AND (made_by = $2 OR first_by = $2 OR second_by = $2) \
                       AND state IN ('draft', 'open', 'approved') LIMIT 1";
    Ok(!db.rows(SQL, &[practice.into(), account.into()]).await?.is_empty())
}
