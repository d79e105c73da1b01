//! Carrying a plan out: a state machine that survives being killed at any moment.
//!
//! Each stage takes the patients who stand at one step, does its work (which may be done again without harm), and moves
//! them on in the plan. A run that was cut off is simply started again.

mod archiving;
mod keeping;
mod listing;

use super::{
    RetentionError,
    archive::ArchiveError,
    carrying_out::{begin, still_stands},
    certificate::{self, Facts},
    plan::Judge,
    stages::{AT_ONCE, Progress, Stage, Stages, scrub, some_together},
};
use crate::House;
use domain::{PatientId, TaskObserver, Timestamp, retention::RetentionRule};
use ledger::{DestroyedError, DestructionLedger, LedgerError, LogName, Receipt};
use phi::{AccessError, ContactKept};
use store::{
    Batch, CommitError, StoreError,
    rows::{
        accounts, archives, destroyed, erasure,
        retention::{self, ItemRow, ItemStep, PlanRow},
    },
};

/// Every durable transition of a purge, in order: where it may be killed and goes on.
pub const PURGE_STEPS: &[&str] = &[
    "begun",
    "judged",
    "condemned",
    "contact_kept",
    "archive_written",
    "archive_verified",
    "archive_known",
    "archive_named",
    "archived",
    "recorded",
    "in_ledger",
    "listed",
    "keys_gone",
    "key_destroyed",
    "rows_gone",
    "clinical_gone",
    "accounts_gone",
    "identity_gone",
    "overwritten",
    "scrubbed",
    "issued",
    "certified",
    "finished",
];

/// What certificates are signed with: the audit trail's own key.
pub struct Signing {
    /// The log.
    pub log: LogName,
    /// Its key.
    pub signer: crypto::Signer,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Patients, or accounts, that were destroyed and have their certificates, by this run and those before it.
    pub destroyed: u64,
    /// Patients, or accounts, that were spared at the moment of execution, and accounts on which somebody wrote before it.
    pub spared: u64,
    /// Whether there was anything to do at all.
    pub did_something: bool,
}

/// Why a plan was not carried out, or not to its end. Starting again goes on where it stopped.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    /// There is no such plan.
    #[error("there is no such plan")]
    Unknown,
    /// Two people must approve it first.
    #[error("the plan is {0}: two different people approve it first, on the page Retention")]
    NotApproved(&'static str),
    /// Somebody who approved it has left, or may not approve any more. Whoever was listed before stays destroyed.
    #[error("somebody who approved the plan may not do so any more: withdraw it, make another and have that approved")]
    Approver,
    /// The cooling-off time is not over.
    #[error("the plan rests until {0}: its cooling-off time is not over")]
    Cooling(Timestamp),
    /// The destruction ledger cannot be written: nobody was destroyed whom it does not hold.
    #[error(transparent)]
    Ledger(#[from] DestroyedError),
    /// The audit trail cannot be written or read.
    #[error("the audit trail cannot be used")]
    Unrecorded(#[from] LedgerError),
    /// The proof of an entry in the audit trail could not be made.
    #[error("the certificate could not be proven")]
    Proof(#[from] crate::trail::TrailError),
    /// The rules that the plan was made by cannot be read.
    #[error("the rules of the plan cannot be read")]
    Rules,
    /// A record that is to be archived was not.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Name and contact could not be kept for billing, or what is kept could not be looked at.
    #[error("name and contact of a patient could not be kept for billing")]
    Contact(#[from] AccessError),
    /// Judging somebody failed.
    #[error(transparent)]
    Judge(#[from] RetentionError),
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Carries a plan of records out whose time has come, or goes on with it.
pub(super) async fn purge(
    house: &House,
    row: PlanRow,
    signing: &Signing,
    ledger: &mut DestructionLedger,
    observer: &dyn TaskObserver,
) -> Result<Purged, PurgeError> {
    // As two people approved them.
    let rules: Vec<RetentionRule> = serde_json::from_str(&row.rules).map_err(|_| PurgeError::Rules)?;
    let mut all = rules.iter().chain(house.retention.rules.as_slice());
    if let Some(rule) = all.find(|rule| rule.archive_years.is_some())
        && house.retention.archive.is_none()
    {
        return Err(ArchiveError::NotSet(rule.name.clone()).into());
    }
    let (actor, origin, receipt) = begin(house, &row).await?;
    observer.reached("begun");
    let judge = Judge::new(house, row.practice_id, actor, origin).await?;
    let progress = progress(house, &row).await?;
    Run { house, row, rules, judge, receipt, signing, ledger, observer, progress }.all().await
}

/// How far a plan has come.
pub(super) async fn progress(house: &House, plan: &PlanRow) -> Result<Progress, StoreError> {
    Ok(Progress::of(retention::counts(&house.stores.identity, plan.practice_id, plan.plan_id).await?))
}

struct Run<'r> {
    house: &'r House,
    row: PlanRow,
    /// The rules of the plan.
    rules: Vec<RetentionRule>,
    judge: Judge<'r>,
    /// The proof that carrying it out was recorded.
    receipt: Receipt,
    signing: &'r Signing,
    ledger: &'r mut DestructionLedger,
    observer: &'r dyn TaskObserver,
    /// Counted once, and on from there: a plan may be long.
    progress: Progress,
}

impl Run<'_> {
    async fn all(&mut self) -> Result<Purged, PurgeError> {
        self.take_up().await?;
        let missing = loop {
            let missing = self.destroy_keys().await?;
            self.progress.destroyed += self.walk().await?;
            self.observer.progress(self.progress.destroyed + self.progress.spared, self.progress.total);
            still_stands(self.house, &self.row).await?;
            if !self.list().await? {
                break missing;
            }
        };
        if let Some(missing) = missing {
            return Err(missing.into());
        }
        let (practice, plan) = (self.row.practice_id, self.row.plan_id);
        let finish = retention::finish_plan(Batch::new(), practice, plan, self.house.clock.now());
        self.house.stores.identity.commit(finish).await?;
        self.observer.reached("finished");
        let Progress { destroyed, spared, .. } = self.progress;
        Ok(Purged { destroyed, spared, did_something: true })
    }

    /// The next patients who stand at a step, after one.
    async fn after(&self, step: ItemStep, after: PatientId) -> Result<Vec<ItemRow>, PurgeError> {
        let identity = &self.house.stores.identity;
        Ok(retention::items(identity, self.row.practice_id, self.row.plan_id, Some(step), after, AT_ONCE).await?)
    }

    async fn move_on(&self, items: &[(PatientId, ItemStep)], from: ItemStep) -> Result<(), PurgeError> {
        if items.is_empty() {
            return Ok(());
        }
        let (practice, plan, now) = (self.row.practice_id, self.row.plan_id, self.house.clock.now());
        let batch = items.iter().fold(Batch::new(), |batch, (patient, to)| {
            retention::step(batch, (practice, plan, *patient), from, *to, now)
        });
        Ok(self.house.stores.identity.commit(batch).await?)
    }

    /// Destroys the keys of those who are listed, after one more look for what billing keeps of them and for their archives. Whose
    /// archive is missing stays: the others go on, and the first such one is told.
    async fn destroy_keys(&self) -> Result<Option<ArchiveError>, PurgeError> {
        let (mut missing, mut after) = (None, PatientId::from_bytes([0; 16]));
        loop {
            let listed = self.after(ItemStep::Listed, after).await?;
            let Some(last) = listed.last() else { return Ok(missing) };
            after = last.patient_id;
            let mut items = Vec::with_capacity(listed.len());
            for item in listed {
                self.contact_is_kept(&item).await?;
                match self.archive_is_there(&item).await {
                    Ok(()) => items.push(item),
                    Err(error) => missing = missing.or(Some(error)),
                }
            }
            let batch = items.iter().fold(Batch::new(), |batch, item| {
                // Whoever stands at this step is in the ledger; a line that is missing there is read as now.
                let at = self.ledger.find(item.practice_id, item.patient_id);
                let (at, entry) = at.map_or((item.changed_at, 0), |one| (one.at, one.entry));
                destroyed::destroy_key(batch, item.practice_id, item.patient_id, at, entry)
            });
            self.house.stores.keys.commit(batch).await?;
            self.observer.reached("keys_gone");
            self.all_on(&items, ItemStep::KeyDestroyed).await?;
            self.observer.reached("key_destroyed");
        }
    }

    async fn remove_clinical(&self, item: &ItemRow) -> Result<(), PurgeError> {
        let stores = &self.house.stores;
        let account = accounts::by_patient(&stores.identity, item.practice_id, item.patient_id).await?;
        let account = account.map(|row| row.account_id);
        let batch = erasure::clinical(Batch::new(), item.practice_id, item.patient_id, account);
        Ok(stores.clinical.commit(batch).await?)
    }

    async fn remove_identity(&self, item: &ItemRow) -> Result<(), PurgeError> {
        let (identity, practice, patient) = (&self.house.stores.identity, item.practice_id, item.patient_id);
        let account = accounts::by_patient(identity, practice, patient).await?.map(|row| row.account_id);
        Ok(identity.commit(erasure::identity(Batch::new(), practice, patient, account)).await?)
    }

    async fn certify(&self, items: &[ItemRow]) -> Result<(), PurgeError> {
        self.house.ledger.checkpoint().await?;
        let mut facts = Vec::with_capacity(items.len());
        for item in items {
            let (practice, patient) = (item.practice_id, item.patient_id);
            let line = self.ledger.find(practice, patient);
            let archives = archives::of_patient(&self.house.stores.keys, practice, patient).await?;
            let kept = self.house.guard.contact_kept(&self.receipt, practice, patient).await?;
            facts.push(Facts {
                item,
                destroyed_at: line.map_or(item.changed_at, |line| line.at),
                entry: line.map(|line| line.entry),
                archive: archives.into_iter().find(|row| row.ended_at.is_none()),
                kept_for_billing: kept == ContactKept::There,
            });
        }
        let issued = certificate::issue(self.house, &self.row, &facts, self.signing).await?;
        Ok(self.house.stores.keys.commit(issued.iter().fold(Batch::new(), destroyed::certify)).await?)
    }
}

/// What is done with those whose keys are destroyed.
#[derive(Clone, Copy)]
enum Work {
    RemoveClinical,
    RemoveIdentity,
    Scrub,
    Certify,
}

impl Stages for Run<'_> {
    type Item = ItemRow;
    type Step = ItemStep;
    type Work = Work;
    const WALK: &'static [Stage<ItemStep, Work>] = &[
        Stage {
            from: ItemStep::KeyDestroyed,
            work: Work::RemoveClinical,
            done: "rows_gone",
            to: ItemStep::ClinicalGone,
            moved: "clinical_gone",
        },
        Stage {
            from: ItemStep::ClinicalGone,
            work: Work::RemoveIdentity,
            done: "accounts_gone",
            to: ItemStep::IdentityGone,
            moved: "identity_gone",
        },
        Stage {
            from: ItemStep::IdentityGone,
            work: Work::Scrub,
            done: "overwritten",
            to: ItemStep::Scrubbed,
            moved: "scrubbed",
        },
        Stage {
            from: ItemStep::Scrubbed,
            work: Work::Certify,
            done: "issued",
            to: ItemStep::Certified,
            moved: "certified",
        },
    ];

    async fn work(&self, work: Work, items: &[ItemRow]) -> Result<(), PurgeError> {
        let stores = &self.house.stores;
        match work {
            Work::RemoveClinical => some_together(items.iter().map(|item| self.remove_clinical(item))).await,
            Work::RemoveIdentity => some_together(items.iter().map(|item| self.remove_identity(item))).await,
            Work::Scrub => scrub([&stores.keys, &stores.clinical, &stores.identity]).await,
            Work::Certify => self.certify(items).await,
        }
    }

    fn observer(&self) -> &dyn TaskObserver {
        self.observer
    }

    async fn at(&self, step: ItemStep) -> Result<Vec<ItemRow>, PurgeError> {
        self.after(step, PatientId::from_bytes([0; 16])).await
    }

    async fn all_on(&self, items: &[ItemRow], to: ItemStep) -> Result<(), PurgeError> {
        let Some(first) = items.first() else { return Ok(()) };
        let moved: Vec<_> = items.iter().map(|item| (item.patient_id, to)).collect();
        self.move_on(&moved, first.step).await
    }
}
