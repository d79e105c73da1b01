//! Carrying a plan of billing accounts out: the same kind of state machine as for records, and killed as gladly.

mod listing;

use super::{
    super::{
        PLAN, RetentionError,
        carrying_out::still_stands,
        plan::unattended,
        purge::{PurgeError, Purged, Signing},
    },
    certificate::{self, Facts},
    judge::Judge,
};
use crate::{Event, House, record::resource};
use domain::{BillingAccountId, TaskObserver};
use futures::future::try_join_all;
use ledger::{Destroyed, DestructionLedger, Word};
use phi::as_subject;
use store::{
    Batch, StoreError,
    rows::{
        billing::standing,
        billing_links, destroyed,
        retention::{
            self, PlanRow,
            accounts::{self, AccountItemRow, AccountStep, Place},
        },
    },
};

/// Accounts that go through the stages together: the transactions of a stage stay small, and syncs are shared.
const AT_ONCE: i64 = 100;
/// Accounts whose rows are removed at the same time, each in a transaction of its own; writers get their turn between.
const TOGETHER: usize = 16;

/// Every durable transition of a purge of billing accounts, in order: where it may be killed and goes on.
pub const BILLING_PURGE_STEPS: &[&str] = &[
    "begun",
    "judged",
    "condemned",
    "recorded",
    "in_ledger",
    "listed",
    "keys_gone",
    "key_destroyed",
    "account_gone",
    "rows_gone",
    "links_gone",
    "link_gone",
    "overwritten",
    "scrubbed",
    "issued",
    "certified",
    "finished",
];

/// Whether an account of a plan stands between condemnation and certificate.
pub(in crate::retention) async fn is_under_way(house: &House, plan: &PlanRow) -> Result<bool, StoreError> {
    let steps = accounts::counts(&house.stores.identity, plan.practice_id, plan.plan_id).await?;
    let still = [AccountStep::Listing, AccountStep::Planned, AccountStep::Spared, AccountStep::Certified];
    Ok(steps.iter().any(|(_, step, count)| *count > 0 && !still.contains(step)))
}

/// Carries a plan of accounts out whose time has come, or goes on with it.
pub(in crate::retention) async fn purge(
    house: &House,
    row: PlanRow,
    signing: &Signing,
    ledger: &mut DestructionLedger,
    observer: &dyn TaskObserver,
) -> Result<Purged, PurgeError> {
    let practice = row.practice_id;
    let (actor, origin) = unattended(house, practice);
    let begun = Event {
        reason: Word::new("approved-by-two"),
        ..Event::done(Word::new("carry_out_retention_plan"), resource(PLAN, row.plan_id))
    };
    house.record_as(actor, origin, begun).await?;
    observer.reached("begun");
    let judge = Judge::new(house, practice, actor, origin).await?;
    let (destroyed, spared) = ends(house, &row).await?;
    Run { house, row, judge, signing, ledger, observer, destroyed, spared, total: 0 }.all().await
}

/// How many accounts of a plan were destroyed, and spared, so far.
async fn ends(house: &House, plan: &PlanRow) -> Result<(u64, u64), StoreError> {
    let (mut destroyed, mut spared) = (0, 0);
    for (_, step, count) in accounts::counts(&house.stores.identity, plan.practice_id, plan.plan_id).await? {
        match step {
            AccountStep::Certified => destroyed += count.unsigned_abs(),
            AccountStep::Spared => spared += count.unsigned_abs(),
            _ => {}
        }
    }
    Ok((destroyed, spared))
}

struct Run<'r> {
    house: &'r House,
    row: PlanRow,
    judge: Judge<'r>,
    signing: &'r Signing,
    ledger: &'r mut DestructionLedger,
    observer: &'r dyn TaskObserver,
    /// How many were destroyed and spared so far, for the bar; and how many there are, counted once, for a plan may be long.
    destroyed: u64,
    spared: u64,
    total: u64,
}

impl Run<'_> {
    async fn all(&mut self) -> Result<Purged, PurgeError> {
        let (identity, practice, plan) = (&self.house.stores.identity, self.row.practice_id, self.row.plan_id);
        let counts = accounts::counts(identity, practice, plan).await?;
        let wanted = counts.iter().filter(|(_, step, _)| *step != AccountStep::Listing);
        self.total = wanted.map(|(_, _, count)| count.unsigned_abs()).sum();
        self.take_up().await?;
        loop {
            // The later stages first take up what an earlier run left there.
            self.destroy_keys().await?;
            self.remove_rows().await?;
            self.remove_links().await?;
            self.scrub().await?;
            self.certify().await?;
            self.observer.progress(self.destroyed + self.spared, self.total);
            still_stands(self.house, &self.row).await?;
            if !self.list().await? {
                break;
            }
        }
        let finish = retention::finish_plan(Batch::new(), practice, plan, self.house.clock.now());
        self.house.stores.identity.commit(finish).await?;
        self.observer.reached("finished");
        // Once more: somebody may have written on an account while this ran, and spared it by that.
        let (destroyed, spared) = ends(self.house, &self.row).await?;
        Ok(Purged { destroyed, spared, did_something: true })
    }

    const fn place(&self, account: BillingAccountId) -> Place {
        (self.row.practice_id, self.row.plan_id, account)
    }

    /// The next accounts that stand at a step, behind one.
    async fn after(&self, step: AccountStep, after: BillingAccountId) -> Result<Vec<AccountItemRow>, PurgeError> {
        Ok(accounts::items(&self.house.stores.identity, self.place(after), Some(step), AT_ONCE).await?)
    }

    async fn at(&self, step: AccountStep) -> Result<Vec<AccountItemRow>, PurgeError> {
        self.after(step, BillingAccountId::from_bytes([0; 16])).await
    }

    async fn all_on(&self, items: &[AccountItemRow], to: AccountStep) -> Result<(), PurgeError> {
        let now = self.house.clock.now();
        let batch = items
            .iter()
            .fold(Batch::new(), |batch, item| accounts::step(batch, self.place(item.account_id), (item.step, to), now));
        Ok(self.house.stores.identity.commit(batch).await?)
    }

    /// Its line in the destruction ledger.
    fn line(&self, account: BillingAccountId) -> Option<&Destroyed> {
        self.ledger.find(self.judge.branch, as_subject(account))
    }

    async fn destroy_keys(&self) -> Result<(), PurgeError> {
        loop {
            let items = self.at(AccountStep::Listed).await?;
            if items.is_empty() {
                return Ok(());
            }
            let batch = items.iter().fold(Batch::new(), |batch, item| {
                // What stands at this step is in the ledger; a line that is missing there is read as now.
                let (at, entry) = self.line(item.account_id).map_or((item.changed_at, 0), |line| (line.at, line.entry));
                destroyed::destroy_key(batch, self.judge.branch, as_subject(item.account_id), at, entry)
            });
            self.house.stores.keys.commit(batch).await?;
            self.observer.reached("keys_gone");
            self.all_on(&items, AccountStep::KeyDestroyed).await?;
            self.observer.reached("key_destroyed");
        }
    }

    /// Whole accounts, each in one transaction: the books sum to zero before and after.
    async fn remove_rows(&self) -> Result<(), PurgeError> {
        loop {
            let items = self.at(AccountStep::KeyDestroyed).await?;
            if items.is_empty() {
                return Ok(());
            }
            for some in items.chunks(TOGETHER) {
                let gone = some.iter().map(|item| {
                    let batch = standing::remove(Batch::new(), self.judge.branch, item.account_id);
                    self.house.stores.billing.commit(batch)
                });
                try_join_all(gone).await?;
            }
            self.observer.reached("account_gone");
            self.all_on(&items, AccountStep::RowsGone).await?;
            self.observer.reached("rows_gone");
        }
    }

    async fn remove_links(&self) -> Result<(), PurgeError> {
        loop {
            let items = self.at(AccountStep::RowsGone).await?;
            if items.is_empty() {
                return Ok(());
            }
            let (practice, mut batch) = (self.row.practice_id, Batch::new());
            for item in &items {
                let index = self.house.keyring.link_of_account(practice, item.account_id).await;
                batch = billing_links::remove(batch, practice, index.map_err(RetentionError::from)?);
            }
            self.house.stores.identity.commit(batch).await?;
            self.observer.reached("links_gone");
            self.all_on(&items, AccountStep::LinkGone).await?;
            self.observer.reached("link_gone");
        }
    }

    async fn scrub(&self) -> Result<(), PurgeError> {
        loop {
            let items = self.at(AccountStep::LinkGone).await?;
            if items.is_empty() {
                return Ok(());
            }
            let stores = &self.house.stores;
            for db in [&stores.keys, &stores.billing, &stores.identity] {
                // Not every database can, and what counts is the key: see `Db::scrub`.
                if !db.scrub().await? {
                    tracing::debug!("a database did not overwrite what was deleted at once");
                }
            }
            self.observer.reached("overwritten");
            self.all_on(&items, AccountStep::Scrubbed).await?;
            self.observer.reached("scrubbed");
        }
    }

    async fn certify(&mut self) -> Result<(), PurgeError> {
        loop {
            let items = self.at(AccountStep::Scrubbed).await?;
            if items.is_empty() {
                return Ok(());
            }
            self.house.ledger.checkpoint().await?;
            let facts: Vec<Facts<'_>> = items
                .iter()
                .map(|item| {
                    let line = self.line(item.account_id);
                    let (destroyed_at, entry) = line.map_or((item.changed_at, None), |one| (one.at, Some(one.entry)));
                    Facts { item, destroyed_at, entry }
                })
                .collect();
            let issued = certificate::issue(self.house, &self.row, &facts, self.signing).await?;
            self.house.stores.keys.commit(issued.iter().fold(Batch::new(), destroyed::certify)).await?;
            self.observer.reached("issued");
            self.all_on(&items, AccountStep::Certified).await?;
            self.destroyed += items.len() as u64;
            self.observer.reached("certified");
        }
    }
}
