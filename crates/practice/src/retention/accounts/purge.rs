//! Carrying a plan of billing accounts out: the same kind of state machine as for records, and killed as gladly.

mod listing;

use super::{
    super::{
        RetentionError,
        carrying_out::{begin, still_stands},
        purge::{PurgeError, Purged, Signing},
        stages::{AT_ONCE, Progress, Stage, Stages, scrub, some_together},
    },
    certificate::{self, Facts},
    judge::Judge,
};
use crate::House;
use domain::{BillingAccountId, TaskObserver};
use ledger::{Destroyed, DestructionLedger};
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

/// Carries a plan of accounts out whose time has come, or goes on with it.
pub(in crate::retention) async fn purge(
    house: &House,
    row: PlanRow,
    signing: &Signing,
    ledger: &mut DestructionLedger,
    observer: &dyn TaskObserver,
) -> Result<Purged, PurgeError> {
    let (actor, origin, _) = begin(house, &row).await?;
    observer.reached("begun");
    let judge = Judge::new(house, row.practice_id, actor, origin).await?;
    let progress = progress(house, &row).await?;
    Run { house, row, judge, signing, ledger, observer, progress }.all().await
}

/// How far a plan has come.
pub(in crate::retention) async fn progress(house: &House, plan: &PlanRow) -> Result<Progress, StoreError> {
    Ok(Progress::of(accounts::counts(&house.stores.identity, plan.practice_id, plan.plan_id).await?))
}

struct Run<'r> {
    house: &'r House,
    row: PlanRow,
    judge: Judge<'r>,
    signing: &'r Signing,
    ledger: &'r mut DestructionLedger,
    observer: &'r dyn TaskObserver,
    /// Counted once, and on from there: a plan may be long.
    progress: Progress,
}

impl Run<'_> {
    async fn all(&mut self) -> Result<Purged, PurgeError> {
        self.take_up().await?;
        loop {
            self.progress.destroyed += self.walk().await?;
            self.observer.progress(self.progress.destroyed + self.progress.spared, self.progress.total);
            still_stands(self.house, &self.row).await?;
            if !self.list().await? {
                break;
            }
        }
        let (practice, plan) = (self.row.practice_id, self.row.plan_id);
        let finish = retention::finish_plan(Batch::new(), practice, plan, self.house.clock.now());
        self.house.stores.identity.commit(finish).await?;
        self.observer.reached("finished");
        // Once more: somebody may have written on an account while this ran, and spared it by that.
        let Progress { destroyed, spared, .. } = progress(self.house, &self.row).await?;
        Ok(Purged { destroyed, spared, did_something: true })
    }

    const fn place(&self, account: BillingAccountId) -> Place {
        (self.row.practice_id, self.row.plan_id, account)
    }

    /// Its line in the destruction ledger.
    fn line(&self, account: BillingAccountId) -> Option<&Destroyed> {
        self.ledger.find(self.judge.branch, as_subject(account))
    }

    async fn destroy_keys(&self, items: &[AccountItemRow]) -> Result<(), PurgeError> {
        let batch = items.iter().fold(Batch::new(), |batch, item| {
            // What stands at this step is in the ledger; a line that is missing there is read as now.
            let (at, entry) = self.line(item.account_id).map_or((item.changed_at, 0), |line| (line.at, line.entry));
            destroyed::destroy_key(batch, self.judge.branch, as_subject(item.account_id), at, entry)
        });
        Ok(self.house.stores.keys.commit(batch).await?)
    }

    /// A whole account, in one transaction: the books sum to zero before and after.
    async fn remove_rows(&self, item: &AccountItemRow) -> Result<(), PurgeError> {
        let batch = standing::remove(Batch::new(), self.judge.branch, item.account_id);
        Ok(self.house.stores.billing.commit(batch).await?)
    }

    async fn remove_links(&self, items: &[AccountItemRow]) -> Result<(), PurgeError> {
        let (practice, mut batch) = (self.row.practice_id, Batch::new());
        for item in items {
            let index = self.house.keyring.link_of_account(practice, item.account_id).await;
            batch = billing_links::remove(batch, practice, index.map_err(RetentionError::from)?);
        }
        Ok(self.house.stores.identity.commit(batch).await?)
    }

    async fn certify(&self, items: &[AccountItemRow]) -> Result<(), PurgeError> {
        self.house.ledger.checkpoint().await?;
        let facts = items.iter().map(|item| {
            let line = self.line(item.account_id);
            let destroyed_at = line.map_or(item.changed_at, |line| line.at);
            Facts { item, destroyed_at, entry: line.map(|line| line.entry) }
        });
        let issued = certificate::issue(self.house, &self.row, &facts.collect::<Vec<_>>(), self.signing).await?;
        Ok(self.house.stores.keys.commit(issued.iter().fold(Batch::new(), destroyed::certify)).await?)
    }
}

/// What is done with those that are in the destruction ledger.
#[derive(Clone, Copy)]
enum Work {
    DestroyKeys,
    RemoveRows,
    RemoveLinks,
    Scrub,
    Certify,
}

impl Stages for Run<'_> {
    type Item = AccountItemRow;
    type Step = AccountStep;
    type Work = Work;
    const WALK: &'static [Stage<AccountStep, Work>] = &[
        Stage {
            from: AccountStep::Listed,
            work: Work::DestroyKeys,
            done: "keys_gone",
            to: AccountStep::KeyDestroyed,
            moved: "key_destroyed",
        },
        Stage {
            from: AccountStep::KeyDestroyed,
            work: Work::RemoveRows,
            done: "account_gone",
            to: AccountStep::RowsGone,
            moved: "rows_gone",
        },
        Stage {
            from: AccountStep::RowsGone,
            work: Work::RemoveLinks,
            done: "links_gone",
            to: AccountStep::LinkGone,
            moved: "link_gone",
        },
        Stage {
            from: AccountStep::LinkGone,
            work: Work::Scrub,
            done: "overwritten",
            to: AccountStep::Scrubbed,
            moved: "scrubbed",
        },
        Stage {
            from: AccountStep::Scrubbed,
            work: Work::Certify,
            done: "issued",
            to: AccountStep::Certified,
            moved: "certified",
        },
    ];

    async fn work(&self, work: Work, items: &[AccountItemRow]) -> Result<(), PurgeError> {
        let stores = &self.house.stores;
        match work {
            Work::DestroyKeys => self.destroy_keys(items).await,
            Work::RemoveRows => some_together(items.iter().map(|item| self.remove_rows(item))).await,
            Work::RemoveLinks => self.remove_links(items).await,
            Work::Scrub => scrub([&stores.keys, &stores.billing, &stores.identity]).await,
            Work::Certify => self.certify(items).await,
        }
    }

    fn observer(&self) -> &dyn TaskObserver {
        self.observer
    }

    async fn at(&self, step: AccountStep) -> Result<Vec<AccountItemRow>, PurgeError> {
        let first = self.place(BillingAccountId::from_bytes([0; 16]));
        Ok(accounts::items(&self.house.stores.identity, first, Some(step), AT_ONCE).await?)
    }

    async fn all_on(&self, items: &[AccountItemRow], to: AccountStep) -> Result<(), PurgeError> {
        let now = self.house.clock.now();
        let batch = items
            .iter()
            .fold(Batch::new(), |batch, item| accounts::step(batch, self.place(item.account_id), (item.step, to), now));
        Ok(self.house.stores.identity.commit(batch).await?)
    }
}
