//! Up to the point of no return: judging again, condemning, looking once more, recording, and the line in the destruction ledger.
//!
//! Two things may come in between. A hold: whose accounts are held is found out before they are condemned, and the transaction
//! that condemns finds nothing where a hold was placed or somebody was merged since; they are then judged once more. And a
//! payment or a charge: whoever is about to write on an account takes it out of the plan first, so that it is not condemned; once
//! it is, they are refused. What had been begun before there was a plan is found by looking once more.

use super::{super::judge::NOT_THERE, Run};
use crate::{
    record::resource,
    retention::{PLAN, carrying_out::still_stands, purge::PurgeError, stages::Stages},
};
use domain::{BillingAccountId, retention::AccountVerdict};
use ledger::{Destroyed, Word};
use phi::as_subject;
use std::collections::{BTreeMap, BTreeSet};
use store::{
    Batch,
    rows::{
        legal_holds::HoldsSeen,
        retention::accounts::{self, AccountStep},
    },
};

const DESTROY: Word = Word::new("destroy_billing_account");
const SPARE: Word = Word::new("spare_billing_account");

impl Run<'_> {
    /// What a run that was cut off condemned: what is in the ledger goes on, the rest begins again.
    pub(super) async fn take_up(&self) -> Result<(), PurgeError> {
        loop {
            let items = self.at(AccountStep::Condemned).await?;
            if items.is_empty() {
                return Ok(());
            }
            let now = self.house.clock.now();
            let batch = items.iter().fold(Batch::new(), |batch, item| {
                let listed = self.line(item.account_id).is_some();
                let to = if listed { AccountStep::Listed } else { AccountStep::Planned };
                accounts::step(batch, self.place(item.account_id), (AccountStep::Condemned, to), now)
            });
            self.house.stores.identity.commit(batch).await?;
        }
    }

    /// Lets those go back to the beginning that this run condemned and did not list, after an error: nothing was begun, so they
    /// can be written on again. If this fails too, the next run does it.
    async fn give_back(&self, error: PurgeError) -> PurgeError {
        if let Err(error) = self.take_up().await {
            tracing::warn!(%error, "accounts stay condemned until `patella retention run` is started again");
        }
        error
    }

    /// Condemns those that are due, unless something came since they were judged. Says which were. None of this plan stood at
    /// this step before: [`Self::take_up`] saw to that.
    async fn condemn(
        &self,
        due: &[(BillingAccountId, String)],
        seen: HoldsSeen,
    ) -> Result<BTreeSet<BillingAccountId>, PurgeError> {
        let now = self.house.clock.now();
        let batch = due.iter().fold(Batch::new(), |batch, (account, rule)| {
            accounts::condemn(batch, self.place(*account), now, rule, seen)
        });
        self.house.stores.identity.commit(batch).await?;
        Ok(self.at(AccountStep::Condemned).await?.into_iter().map(|item| item.account_id).collect())
    }

    /// Which of the condemned to spare after all, and why. Nobody writes on them any more, so what is found is what there is.
    /// Refused where the plan does not stand any more.
    async fn look_again(
        &self,
        condemned: &[BillingAccountId],
    ) -> Result<BTreeMap<BillingAccountId, &'static str>, PurgeError> {
        still_stands(self.house, &self.row).await?;
        Ok(self.judge.not_due_after_all(condemned).await?)
    }

    /// Judges the next accounts as they stand now; spares what is due no more, and lists the rest for good. False when none was
    /// left.
    pub(super) async fn list(&mut self) -> Result<bool, PurgeError> {
        let items = self.at(AccountStep::Planned).await?;
        if items.is_empty() {
            return Ok(false);
        }
        let plan = || resource(PLAN, self.row.plan_id);
        let (mut listed_before, mut asked) = (Vec::new(), Vec::new());
        for item in items {
            // Listed by another plan: there is no way back.
            if self.line(item.account_id).is_some() {
                listed_before.push(item);
            } else {
                asked.push(item.account_id);
            }
        }
        let judged = self.judge.verdicts(&asked).await?;
        let (mut due, mut spared, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for (account, verdict) in asked.iter().zip(judged.verdicts) {
            let why = match verdict {
                Some((AccountVerdict::Due { rule, .. }, _)) => {
                    due.push((*account, rule));
                    continue;
                }
                Some((other, _)) => other.kind().word(),
                None => NOT_THERE,
            };
            entries.push(self.judge.entry(SPARE, plan(), None, why));
            spared.push(*account);
        }
        self.observer.reached("judged");
        let condemned = self.condemn(&due, judged.seen).await?;
        self.observer.reached("condemned");
        // What is left is judged once more, or was spared by whoever wrote on it, or the plan was taken back.
        due.retain(|(account, _)| condemned.contains(account));
        let condemned: Vec<_> = condemned.into_iter().collect();
        let kept = match self.look_again(&condemned).await {
            Ok(kept) => kept,
            Err(error) => return Err(self.give_back(error).await),
        };
        due.retain(|(account, _)| !kept.contains_key(account));
        entries.extend(kept.values().map(|why| self.judge.entry(SPARE, plan(), None, why)));
        let before = entries.len();
        entries.extend(due.iter().map(|(_, rule)| self.judge.entry(DESTROY, plan(), None, rule)));
        let receipts = match self.house.ledger.append(entries).await {
            Ok(receipts) => receipts,
            Err(error) => return Err(self.give_back(error.into()).await),
        };
        self.observer.reached("recorded");
        let (branch, now) = (self.judge.branch, self.house.clock.now());
        let new: Vec<Destroyed> = (due.iter().zip(receipts.iter().skip(before)))
            .map(|((account, _), receipt)| Destroyed {
                practice: branch,
                patient: as_subject(*account),
                at: now,
                entry: receipt.seq(),
            })
            .collect();
        self.ledger.add(&new)?;
        self.observer.reached("in_ledger");
        let mut batch = due.iter().fold(Batch::new(), |batch, (account, _)| {
            accounts::step(batch, self.place(*account), (AccountStep::Condemned, AccountStep::Listed), now)
        });
        for account in kept.keys() {
            let moves = (AccountStep::Condemned, AccountStep::Spared);
            batch = accounts::step(batch, self.place(*account), moves, now);
        }
        for account in &spared {
            batch = accounts::spare(batch, self.place(*account), now);
        }
        for item in &listed_before {
            let moves = (AccountStep::Planned, AccountStep::Listed);
            batch = accounts::step(batch, self.place(item.account_id), moves, now);
        }
        self.house.stores.identity.commit(batch).await?;
        self.progress.spared += (spared.len() + kept.len()) as u64;
        self.observer.reached("listed");
        Ok(true)
    }
}
