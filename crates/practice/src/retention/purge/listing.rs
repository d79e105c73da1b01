//! Up to the point of no return: judging again, condemning, keeping for billing, archiving, looking once more, recording, and the
//! line in the destruction ledger.
//!
//! A hold may come, or the plan be taken back, at any moment. So whoever is due is *condemned* first, in a transaction that looks
//! at both; whoever is condemned can be held no more, and whoever places a hold then is told so. From then on nobody is let in to
//! write either, so what is looked at once more afterwards is what there is: care that came after the judgement, a plan that was
//! taken back while archives were made.

use super::{PurgeError, Run};
use crate::retention::{
    archive,
    carrying_out::{is_approved, still_stands},
    plan::care,
    same_person::SamePerson,
    stages::Stages,
};
use domain::{
    Date, PatientId,
    retention::{Verdict, VerdictKind},
};
use ledger::{Destroyed, Receipt, Word};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    Batch,
    rows::{
        billing_outbox,
        care_dates::{self, CareDatesRow},
        emergencies, patients,
        retention::{self, ItemRow, ItemStep},
    },
};

const DESTROY: Word = Word::new("destroy_record");
const SPARE: Word = Word::new("spare_record");

/// Why somebody is spared of whom another record is not in the plan.
const SECOND_RECORD: &str = "second-record-not-in-plan";

/// Why somebody is spared whose record was opened in an emergency for which nobody has signed: it could never be looked into.
const UNSIGNED: &str = "emergency-not-signed";

/// Why somebody is spared for whose visits a charge has not reached billing.
const ON_ITS_WAY: &str = "charge-on-its-way";

impl Run<'_> {
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
                        self.forget(patient_id).await?;
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
            tracing::warn!(%error, "patients stay condemned until `patella retention run` is started again");
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

    /// Adds the other records of people who were registered twice: they are judged, and go, together. Says who is to be spared, and
    /// why: whose other records are there and do not wait in this plan, so that nobody approved their destruction; and, unless all
    /// is `delivered`, for whose visits a charge is on its way to billing; and whose opening in an emergency waits for a signature.
    async fn with_other_records(
        &self,
        items: &mut Vec<ItemRow>,
        delivered: bool,
    ) -> Result<BTreeMap<PatientId, &'static str>, PurgeError> {
        let (practice, plan, stores) = (self.row.practice_id, self.row.plan_id, &self.house.stores);
        let people = SamePerson::read(&stores.identity, practice).await?;
        let listed: Vec<_> = items.iter().map(|item| item.patient_id).collect();
        let mut split = BTreeMap::new();
        for patient in listed {
            let records = people.records(patient);
            let spare = |why| records.iter().map(move |record| (*record, why));
            if emergencies::waits(&stores.identity, practice, patient).await? {
                split.extend(spare(UNSIGNED));
            }
            for other in &records {
                if !delivered && billing_outbox::is_under_way(&stores.clinical, practice, *other).await? {
                    split.extend(spare(ON_ITS_WAY));
                }
                if items.iter().any(|item| item.patient_id == *other) {
                    continue;
                }
                match retention::item(&stores.identity, (practice, plan, *other), ItemStep::Planned).await? {
                    Some(item) => items.push(item),
                    None if patients::by_id(&stores.clinical, practice, *other).await?.is_some() => {
                        split.extend(spare(SECOND_RECORD));
                    }
                    None => {}
                }
            }
        }
        Ok(split)
    }

    /// Whom of the condemned to spare after all, and why: whose record does not open, who was under care since they were judged, for
    /// whom a charge was sent since, and who has another record that stays. Refused where the plan does not stand any more.
    async fn look_again(
        &self,
        judged: &[CareDatesRow],
        due: &[(PatientId, String)],
        unreadable: &BTreeSet<PatientId>,
    ) -> Result<BTreeMap<PatientId, &'static str>, PurgeError> {
        still_stands(self.house, &self.row).await?;
        let (practice, stores, now) = (self.row.practice_id, &self.house.stores, self.house.clock.now());
        let before: BTreeMap<_, _> = judged.iter().map(|row| (row.patient_id, care(row))).collect();
        let mut kept = BTreeMap::new();
        let waits = billing_outbox::count(&stores.clinical, practice).await? > 0;
        for (patient, _) in due {
            let row = care_dates::of_patient(&stores.clinical, practice, now, *patient).await?;
            if unreadable.contains(patient) {
                kept.insert(*patient, "does-not-open");
            } else if row.as_ref().map(care).as_ref() != before.get(patient) {
                kept.insert(*patient, VerdictKind::UnderCare.word());
            } else if waits && billing_outbox::is_under_way(&stores.clinical, practice, *patient).await? {
                kept.insert(*patient, ON_ITS_WAY);
            }
        }
        let people = SamePerson::read(&stores.identity, practice).await?;
        for (patient, _) in due {
            for other in people.records(*patient) {
                if let Some(why) = kept.get(&other).copied() {
                    kept.insert(*patient, why);
                } else if !due.iter().any(|(one, _)| *one == other)
                    && patients::by_id(&stores.clinical, practice, other).await?.is_some()
                {
                    kept.insert(*patient, SECOND_RECORD);
                }
            }
        }
        Ok(kept)
    }

    /// Keeps for billing what it needs of the condemned, and archives them. Says whose record does not open.
    async fn keep_and_archive(
        &self,
        condemned: &[(PatientId, String)],
        archive_until: Option<Date>,
    ) -> Result<BTreeSet<PatientId>, PurgeError> {
        let mut unreadable = self.keep(condemned).await?;
        let opened: Vec<_> = condemned.iter().filter(|(patient, _)| !unreadable.contains(patient)).cloned().collect();
        unreadable.extend(self.archive(&opened, archive_until).await?);
        Ok(unreadable)
    }

    /// Judges the next patients as they stand now; spares who is due no more, and lists the rest for good. Whoever was looked at
    /// waits no more afterwards, unless the plan was taken back. False when nobody was left.
    pub(super) async fn list(&mut self) -> Result<bool, PurgeError> {
        let mut items = self.at(ItemStep::Planned).await?;
        if items.is_empty() {
            return Ok(false);
        }
        let delivered = self.delivered().await?;
        let spared = self.with_other_records(&mut items, delivered).await?;
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
        for (row, judged) in rows.iter().zip(self.judge.verdicts(&rows).await?) {
            let why = match (judged.verdict, spared.get(&row.patient_id)) {
                (Verdict::Due { .. }, Some(why)) => why,
                (Verdict::Due { rule, .. }, None) => {
                    due.push((row.patient_id, rule));
                    continue;
                }
                (other, _) => other.kind().word(),
            };
            entries.push(self.judge.entry(SPARE, row.patient_id, why));
            moves.push((row.patient_id, ItemStep::Spared));
        }
        self.observer.reached("judged");
        let archive_until = self.archive_until(self.judge.zone.day_of(now));
        let condemned = self.condemn(&due, archive_until).await?;
        self.observer.reached("condemned");
        // Who is left stands under a hold that came since, or was opened in an emergency, unless it is the plan that was taken back.
        if due.len() > condemned.len() && is_approved(self.house, &self.row).await? {
            for (patient, _) in due.iter().filter(|(patient, _)| !condemned.contains(patient)) {
                let waits = emergencies::waits(&self.house.stores.identity, practice, *patient).await?;
                entries.push(self.judge.entry(
                    SPARE,
                    *patient,
                    if waits { UNSIGNED } else { VerdictKind::Hold.word() },
                ));
                moves.push((*patient, ItemStep::Spared));
            }
        }
        due.retain(|(patient, _)| condemned.contains(patient));
        let unreadable = match self.keep_and_archive(&due, archive_until).await {
            Ok(unreadable) => unreadable,
            Err(error) => return Err(self.give_back(error).await),
        };
        let kept = match self.look_again(&rows, &due, &unreadable).await {
            Ok(kept) => kept,
            Err(error) => return Err(self.give_back(error).await),
        };
        for patient in kept.keys() {
            archive::take_back(self.house, practice, *patient).await?;
            self.forget(*patient).await?;
        }
        due.retain(|(patient, _)| !kept.contains_key(patient));
        entries.extend(kept.iter().map(|(patient, why)| self.judge.entry(SPARE, *patient, why)));
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
        let (unread, looked_at): (Vec<_>, Vec<_>) = kept
            .into_keys()
            .map(|patient| (patient, ItemStep::Spared))
            .partition(|(patient, _)| unreadable.contains(patient));
        self.move_on(&unread, ItemStep::Condemned).await?;
        self.move_on(&looked_at, ItemStep::Archived).await?;
        let spared = moves.iter().filter(|(_, step)| *step == ItemStep::Spared).count();
        self.progress.spared += (spared + unread.len() + looked_at.len()) as u64;
        self.observer.reached("listed");
        Ok(true)
    }
}
