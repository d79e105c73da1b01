//! Up to the point of no return: judging again, condemning, archiving, recording, and the line in the destruction ledger.
//!
//! A hold may come, or the plan be taken back, at any moment. So whoever is due is *condemned* first, in a transaction that looks
//! at both; whoever is condemned can be held no more, and whoever places a hold then is told so.

use super::{PurgeError, Run};
use crate::retention::{approve::may_approve, archive, same_person::SamePerson};
use domain::{
    Date, PatientId,
    retention::{Verdict, VerdictKind},
};
use ledger::{Destroyed, Receipt, Word};
use std::collections::BTreeSet;
use store::{
    Batch,
    rows::{
        care_dates, patients,
        retention::{self, ItemRow, ItemStep, PlanState},
    },
};

const DESTROY: Word = Word::new("destroy_record");
const SPARE: Word = Word::new("spare_record");

impl Run<'_> {
    /// Refused where the plan was taken back meanwhile, or somebody who approved it may not do so any more.
    pub(super) async fn still_stands(&self) -> Result<(), PurgeError> {
        let (house, practice) = (self.house, self.row.practice_id);
        let row = retention::plan(&house.stores.identity, practice, self.row.plan_id).await?;
        let row = row.ok_or(PurgeError::Unknown)?;
        if row.state != PlanState::Approved {
            return Err(PurgeError::NotApproved(row.state.word()));
        }
        for (account, _) in [row.first, row.second].into_iter().flatten() {
            if !may_approve(house, practice, account).await? {
                return Err(PurgeError::Approver);
            }
        }
        Ok(())
    }

    /// Whom a run that was cut off condemned: those who are in the ledger go on, the others begin again.
    pub(super) async fn take_up(&self) -> Result<(), PurgeError> {
        for step in [ItemStep::Condemned, ItemStep::Archived] {
            loop {
                let items = self.at(step).await?;
                if items.is_empty() {
                    break;
                }
                let mut moves = Vec::with_capacity(items.len());
                for ItemRow { practice_id, patient_id, .. } in items {
                    if self.ledger.find(practice_id, patient_id).is_some() {
                        moves.push((patient_id, ItemStep::Listed));
                    } else {
                        // Others may write in it again, so what was archived is not the whole any more.
                        archive::take_back(self.house, practice_id, patient_id).await?;
                        moves.push((patient_id, ItemStep::Planned));
                    }
                }
                self.move_on(&moves, step).await?;
            }
        }
        Ok(archive::tidy(self.house, self.row.practice_id)?)
    }

    /// Lets those go back to the beginning whom this run condemned and did not list, after an error: nothing was begun, so they can
    /// be held again. If this fails too, the next run does it.
    async fn give_back(&self, error: PurgeError) -> PurgeError {
        if let Err(error) = self.take_up().await {
            tracing::warn!(%error, "patients stay condemned until the plan is carried out or taken back");
        }
        error
    }

    /// Condemns those who are due, unless a hold came or the plan was taken back since they were judged: both are looked at
    /// in the same transaction, and whoever is condemned can be held no more. Says who was. Nobody else of this plan stands at
    /// this step: [`Self::take_up`] saw to that.
    async fn condemn(
        &self,
        due: &[(PatientId, String)],
        archive_until: Option<Date>,
    ) -> Result<BTreeSet<PatientId>, PurgeError> {
        if due.is_empty() {
            return Ok(BTreeSet::new());
        }
        let (practice, plan, now) = (self.row.practice_id, self.row.plan_id, self.house.clock.now());
        let batch = due.iter().fold(Batch::new(), |batch, (patient, rule)| {
            retention::condemn(batch, (practice, plan, *patient), now, (rule, archive_until))
        });
        self.house.stores.identity.commit(batch).await?;
        let (mut condemned, mut after) = (BTreeSet::new(), PatientId::from_bytes([0; 16]));
        loop {
            let page = self.after(ItemStep::Condemned, after).await?;
            let Some(last) = page.last() else { return Ok(condemned) };
            after = last.patient_id;
            condemned.extend(page.iter().map(|item| item.patient_id));
        }
    }

    /// Adds the other records of people who were registered twice: they are judged, and go, together. Says whose other records
    /// are there and do not wait in this plan: nobody approved their destruction.
    async fn with_other_records(&self, items: &mut Vec<ItemRow>) -> Result<BTreeSet<PatientId>, PurgeError> {
        let (practice, plan, stores) = (self.row.practice_id, self.row.plan_id, &self.house.stores);
        let people = SamePerson::read(&stores.identity, practice).await?;
        let listed: Vec<_> = items.iter().map(|item| item.patient_id).collect();
        let mut split = BTreeSet::new();
        for patient in listed {
            let records = people.records(patient);
            for other in &records {
                if items.iter().any(|item| item.patient_id == *other) {
                    continue;
                }
                match retention::item(&stores.identity, (practice, plan, *other), ItemStep::Planned).await? {
                    Some(item) => items.push(item),
                    None if patients::by_id(&stores.clinical, practice, *other).await?.is_some() => {
                        split.extend(&records);
                    }
                    None => {}
                }
            }
        }
        Ok(split)
    }

    /// Whether the plan still waits to be carried out on.
    async fn is_approved(&self) -> Result<bool, PurgeError> {
        let row = retention::plan(&self.house.stores.identity, self.row.practice_id, self.row.plan_id).await?;
        Ok(row.is_some_and(|row| row.state == PlanState::Approved))
    }

    /// Judges the next patients as they stand now; spares who is due no more, and lists the rest for good. Whoever was looked at
    /// waits no more afterwards, unless the plan was taken back. False when nobody was left.
    pub(super) async fn list(&mut self) -> Result<bool, PurgeError> {
        let mut items = self.at(ItemStep::Planned).await?;
        if items.is_empty() {
            return Ok(false);
        }
        let split = self.with_other_records(&mut items).await?;
        let (mut rows, mut moves) = (Vec::new(), Vec::new());
        let (practice, clinical, now) = (self.row.practice_id, &self.house.stores.clinical, self.house.clock.now());
        for item in &items {
            // Listed by another plan: there is no way back.
            if self.ledger.find(practice, item.patient_id).is_some() {
                moves.push((item.patient_id, ItemStep::Listed));
            } else if let Some(row) = care_dates::of_patient(clinical, practice, now, item.patient_id).await? {
                rows.push(row);
            } else {
                // Nobody of this name is there any more, and nothing of theirs: destroyed by another plan.
                moves.push((item.patient_id, ItemStep::Spared));
            }
        }
        let (mut due, mut entries) = (Vec::new(), Vec::new());
        for (row, verdict) in rows.iter().zip(self.judge.verdicts(&rows).await?) {
            let why = match verdict {
                Verdict::Due { .. } if split.contains(&row.patient_id) => "second-record-not-in-plan",
                Verdict::Due { rule, .. } => {
                    due.push((row.patient_id, rule));
                    continue;
                }
                other => other.kind().word(),
            };
            entries.push(self.judge.entry(SPARE, row.patient_id, why));
            moves.push((row.patient_id, ItemStep::Spared));
        }
        self.observer.reached("judged");
        let archive_until = self.archive_until(self.judge.zone.day_of(now));
        let condemned = self.condemn(&due, archive_until).await?;
        self.observer.reached("condemned");
        // Who is left stands under a hold that came since, unless it is the plan that was taken back.
        if due.len() > condemned.len() && self.is_approved().await? {
            for (patient, _) in due.iter().filter(|(patient, _)| !condemned.contains(patient)) {
                entries.push(self.judge.entry(SPARE, *patient, VerdictKind::Hold.word()));
                moves.push((*patient, ItemStep::Spared));
            }
        }
        due.retain(|(patient, _)| condemned.contains(patient));
        let unreadable = match self.archive(&due, archive_until).await {
            Ok(unreadable) => unreadable,
            Err(error) => return Err(self.give_back(error).await),
        };
        due.retain(|(patient, _)| !unreadable.contains(patient));
        entries.extend(unreadable.iter().map(|patient| self.judge.entry(SPARE, *patient, "does-not-open")));
        let spared = entries.len();
        entries.extend(due.iter().map(|(patient, rule)| self.judge.entry(DESTROY, *patient, rule)));
        let receipts = match self.house.ledger.append(entries).await {
            Ok(receipts) => receipts,
            Err(error) => return Err(self.give_back(error.into()).await),
        };
        self.observer.reached("recorded");
        let line = |((patient, _), receipt): (&(PatientId, String), &Receipt)| Destroyed {
            practice,
            patient: *patient,
            at: now,
            entry: receipt.seq(),
        };
        let new: Vec<_> = due.iter().zip(receipts.iter().skip(spared)).map(line).collect();
        self.ledger.add(&new)?;
        self.observer.reached("in_ledger");
        let listed: Vec<_> = due.iter().map(|(patient, _)| (*patient, ItemStep::Listed)).collect();
        self.move_on(&listed, ItemStep::Archived).await?;
        self.move_on(&moves, ItemStep::Planned).await?;
        let kept: Vec<_> = unreadable.iter().map(|patient| (*patient, ItemStep::Spared)).collect();
        self.move_on(&kept, ItemStep::Condemned).await?;
        self.spared += moves.iter().chain(&kept).filter(|(_, step)| *step == ItemStep::Spared).count() as u64;
        self.observer.reached("listed");
        Ok(true)
    }
}
