//! What billing still needs of whom it knows, name and contact: kept while the patient is condemned and may still go back to the
//! beginning, and looked for once more before their key goes. And what is on its way to billing, which is brought there first.

use super::{PurgeError, Run};
use crate::billing::courier;
use domain::{PatientId, Unobserved};
use ledger::Word;
use phi::{AccessError, ContactKept, KeepError, SealedContact};
use std::collections::BTreeSet;
use store::rows::{billing_outbox, patients, retention::ItemRow};

impl Run<'_> {
    /// Keeps name and contact of the condemned whom billing knows. Says whose do not open: they are not to be destroyed.
    pub(super) async fn keep(&self, condemned: &[(PatientId, String)]) -> Result<BTreeSet<PatientId>, PurgeError> {
        let mut unreadable = BTreeSet::new();
        for (patient, rule) in condemned {
            match self.keep_one(*patient, rule).await {
                Ok(()) => {}
                Err(KeepError::Open(error)) => {
                    tracing::warn!(%patient, %error, "spared");
                    unreadable.insert(*patient);
                }
                Err(KeepError::Access(AccessError::Gone)) => {
                    tracing::warn!(%patient, "spared: there is no key");
                    unreadable.insert(*patient);
                }
                Err(KeepError::Access(error)) => return Err(error.into()),
            }
        }
        Ok(unreadable)
    }

    async fn keep_one(&self, patient: PatientId, rule: &str) -> Result<(), KeepError> {
        let (house, practice) = (self.house, self.row.practice_id);
        let row = patients::by_id(&house.stores.clinical, practice, patient).await;
        // Without a row there is no name.
        let Some(row) = row.map_err(|error| AccessError::Unavailable(phi::Unavailable(Box::new(error))))? else {
            return Ok(());
        };
        let contact = SealedContact {
            given_name: &row.given_name,
            family_name: &row.family_name,
            email: row.email.as_ref(),
            phone: row.phone.as_ref(),
        };
        let rule = Word::try_from(rule.to_owned()).unwrap_or(Word::new("retention"));
        if house.guard.keep_contact(practice, patient, rule, contact).await? {
            self.observer.reached("contact_kept");
        }
        Ok(())
    }

    /// Lets billing forget whom it was to keep: they are not destroyed after all.
    pub(super) async fn forget(&self, patient: PatientId) -> Result<(), PurgeError> {
        Ok(self.house.guard.forget_contact(&self.receipt, self.row.practice_id, patient).await?)
    }

    /// Sees to it that name and contact of somebody who is listed are kept, where billing knows them. They were before; a store
    /// that was brought back from an older backup may not have them. Where nothing can be kept any more they are destroyed all
    /// the same: there is no way back, and billing has an account without a name.
    pub(super) async fn contact_is_kept(&self, item: &ItemRow) -> Result<(), PurgeError> {
        let patient = item.patient_id;
        if self.house.guard.contact_kept(&self.receipt, item.practice_id, patient).await? != ContactKept::Missing {
            return Ok(());
        }
        let rule = item.executed_rule.as_ref().unwrap_or(&item.rule);
        match self.keep_one(patient, rule).await {
            Ok(()) => {}
            Err(KeepError::Open(_) | KeepError::Access(AccessError::Gone)) => {
                tracing::warn!(%patient, "billing knows them, and keeps an account without a name");
            }
            Err(KeepError::Access(error)) => return Err(error.into()),
        }
        Ok(())
    }

    /// Brings what is on its way to billing there. Says whether anything still waits: its store may be away, which is no reason
    /// not to destroy the records of others.
    pub(super) async fn delivered(&self) -> Result<bool, PurgeError> {
        let (house, practice) = (self.house, self.row.practice_id);
        if billing_outbox::count(&house.stores.clinical, practice).await? == 0 {
            return Ok(true);
        }
        if let Err(error) = courier::deliver(house, &Unobserved).await {
            tracing::warn!(%error, "charges are on their way to billing; their patients are spared");
        }
        Ok(billing_outbox::count(&house.stores.clinical, practice).await? == 0)
    }
}
