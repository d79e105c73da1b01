//! What leads a record into the archive: the whole of it is opened once more, before its key is destroyed.
//!
//! Two people approved the destruction, and a rule asks for an archive; nobody is signed in when it is carried out. So this is no
//! grant of the policy's: the guard itself asks whether the patient stands condemned, records it under them, and hands out keys
//! that open and do not seal.

use super::{AccessError, Guard, condemned::Opening};
use crate::{
    cipher::{self, Owner},
    class::{Class, PatientClass},
    field::{Clear, Field, OpenError, Sealed},
    keyring::ClassKeys,
    permission::{Covers, Export, Permission},
};
use domain::{PatientId, PracticeId, PurposeKind};
use ledger::{Receipt, Word};

/// Leave to open the whole of one record, for its archive alone.
pub struct ArchiveGrant {
    practice: PracticeId,
    subject: PatientId,
    receipt: Receipt,
    keys: ClassKeys<Export>,
}

impl ArchiveGrant {
    /// Whose record.
    pub const fn subject(&self) -> PatientId {
        self.subject
    }
    /// The practice.
    pub const fn practice(&self) -> PracticeId {
        self.practice
    }
    /// Where it stands in the ledger.
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Opens a field of this patient, lent for as long as this lives.
    pub fn open<F: Field>(&self, sealed: &Sealed<F>) -> Result<Clear<'_, F::Value>, OpenError>
    where
        F::Class: PatientClass,
        Export: Covers<F::Class>,
    {
        let class = <F::Class as Class>::ID;
        let owner = Owner { practice: self.practice, subject: *self.subject.as_bytes() };
        cipher::open_of(class, owner, sealed, |class, version| self.keys.version(class, version)).map(Clear::new)
    }

    /// Opens a field that may be empty.
    pub fn open_optional<F: Field>(&self, sealed: Option<&Sealed<F>>) -> Result<Option<Clear<'_, F::Value>>, OpenError>
    where
        F::Class: PatientClass,
        Export: Covers<F::Class>,
    {
        sealed.map(|sealed| self.open(sealed)).transpose()
    }
}

impl Guard {
    /// Opens a record for its archive: only of somebody who stands condemned ([`crate::CareTeams::is_condemned`]), which the guard
    /// asks itself, and recorded first, yes or no. [`AccessError::Gone`] where there is no key any more, and so nothing to archive.
    pub async fn archive(
        &self,
        practice: PracticeId,
        subject: PatientId,
        rule: Word,
    ) -> Result<ArchiveGrant, AccessError> {
        let opening = Opening {
            permission: Export::NAME,
            action: Word::new("archive_record"),
            purpose: PurposeKind::Operations,
            rule,
        };
        let (receipt, wrapped) = self.open_condemned(practice, subject, opening).await?;
        let keys = self.keyring.class_keys(practice, subject, &wrapped, Export::CLASSES).await?;
        Ok(ArchiveGrant { practice, subject, receipt, keys })
    }
}
