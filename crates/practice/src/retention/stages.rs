//! What carrying out a plan of records and one of billing accounts have in common: items stand at steps that are durable, and a
//! stage takes those that stand at one, does its work, which may be done again without harm, and moves them on.

use super::purge::PurgeError;
use domain::TaskObserver;
use futures::future::try_join_all;
use store::{
    Db,
    rows::retention::{ItemStep, accounts::AccountStep},
};

/// Items that go through the stages together: the transactions of a stage stay small, and syncs are shared.
pub(super) const AT_ONCE: i64 = 100;
/// Items whose rows are removed at the same time, each in a transaction of its own; writers get their turn between.
const TOGETHER: usize = 16;

/// What is done with those that stand at one step, before they are moved on to the next.
pub(super) struct Stage<S, W> {
    pub(super) from: S,
    pub(super) work: W,
    /// What the observer is told when the work is done.
    pub(super) done: &'static str,
    pub(super) to: S,
    /// What the observer is told when they are moved on.
    pub(super) moved: &'static str,
}

/// The items of a plan that is being carried out.
pub(super) trait Stages {
    type Item;
    type Step: Copy + 'static;
    type Work: Copy + 'static;
    /// The stages behind the point of no return, in order. The last one ends with the certificates.
    const WALK: &'static [Stage<Self::Step, Self::Work>];

    fn observer(&self) -> &dyn TaskObserver;
    /// The next items that stand at a step.
    async fn at(&self, step: Self::Step) -> Result<Vec<Self::Item>, PurgeError>;
    /// Moves items on from the step at which they stand.
    async fn all_on(&self, items: &[Self::Item], to: Self::Step) -> Result<(), PurgeError>;
    /// Does it, or does it again.
    async fn work(&self, work: Self::Work, items: &[Self::Item]) -> Result<(), PurgeError>;

    /// Brings whatever stands at any of the stages to the end, those that an earlier run left there too. Says how many were
    /// certified.
    async fn walk(&self) -> Result<u64, PurgeError> {
        let mut last = 0;
        for stage in Self::WALK {
            last = 0;
            loop {
                let items = self.at(stage.from).await?;
                if items.is_empty() {
                    break;
                }
                self.work(stage.work, &items).await?;
                self.observer().reached(stage.done);
                self.all_on(&items, stage.to).await?;
                last += items.len() as u64;
                self.observer().reached(stage.moved);
            }
        }
        Ok(last)
    }
}

/// Removes what there is of many items, some at the same time.
pub(super) async fn some_together(
    mut removals: impl Iterator<Item = impl Future<Output = Result<(), PurgeError>>>,
) -> Result<(), PurgeError> {
    loop {
        let some: Vec<_> = removals.by_ref().take(TOGETHER).collect();
        if some.is_empty() {
            return Ok(());
        }
        try_join_all(some).await?;
    }
}

/// Overwrites what was deleted. Not every database can, and what counts is the key: see [`Db::scrub`].
pub(super) async fn scrub(databases: [&Db; 3]) -> Result<(), PurgeError> {
    for db in databases {
        if !db.scrub().await? {
            tracing::debug!("a database did not overwrite what was deleted at once");
        }
    }
    Ok(())
}

/// How far an item has come, whatever the plan is of.
pub(super) enum Standing {
    /// For a decision only.
    Listing,
    Waiting,
    Spared,
    /// Between condemnation and certificate.
    UnderWay,
    Certified,
}

impl From<ItemStep> for Standing {
    fn from(step: ItemStep) -> Self {
        match step {
            ItemStep::Listing => Self::Listing,
            ItemStep::Planned => Self::Waiting,
            ItemStep::Spared => Self::Spared,
            ItemStep::Certified => Self::Certified,
            ItemStep::Condemned
            | ItemStep::Archived
            | ItemStep::Listed
            | ItemStep::KeyDestroyed
            | ItemStep::ClinicalGone
            | ItemStep::IdentityGone
            | ItemStep::Scrubbed => Self::UnderWay,
        }
    }
}

impl From<AccountStep> for Standing {
    fn from(step: AccountStep) -> Self {
        match step {
            AccountStep::Listing => Self::Listing,
            AccountStep::Planned => Self::Waiting,
            AccountStep::Spared => Self::Spared,
            AccountStep::Certified => Self::Certified,
            AccountStep::Condemned
            | AccountStep::Listed
            | AccountStep::KeyDestroyed
            | AccountStep::RowsGone
            | AccountStep::LinkGone
            | AccountStep::Scrubbed => Self::UnderWay,
        }
    }
}

/// How far a plan has come.
#[derive(Default)]
pub(super) struct Progress {
    /// Destroyed, with their certificates.
    pub(super) destroyed: u64,
    /// Spared at the moment of execution.
    pub(super) spared: u64,
    /// All that there is to do, or was.
    pub(super) total: u64,
    /// Whether any item stands between condemnation and certificate.
    pub(super) under_way: bool,
}

impl Progress {
    /// From how many items stand at each step, of each verdict.
    pub(super) fn of<V, S: Into<Standing>>(counts: Vec<(V, S, i64)>) -> Self {
        let mut progress = Self::default();
        for (_, step, count) in counts {
            let count = count.unsigned_abs();
            match step.into() {
                Standing::Listing => continue,
                Standing::Waiting => {}
                Standing::Spared => progress.spared += count,
                Standing::UnderWay => progress.under_way |= count > 0,
                Standing::Certified => progress.destroyed += count,
            }
            progress.total += count;
        }
        progress
    }
}
