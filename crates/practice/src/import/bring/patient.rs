//! One patient: key, rows, care team, comparison, from wherever an earlier run left them.

use super::{Comer, Run, event, superseded};
use crate::{
    import::{CLEARING, ImportError, KEYED, LEFTOVER, LINKED, STORED, VERIFIED, outcome::Came, sealing::SealedRecord},
    patients::PATIENT,
    record::resource,
};
use domain::{CareLinkId, PatientId};
use identity::{Full, Session};
use ledger::Word;
use phi::{AccessError, Grant, ImportRecord, Purpose, WrappedKey};
use store::{
    Batch, CommitError,
    rows::{
        care_links::{self, CareKind, CareLinkRow},
        imports::{self, ImportedRow},
        log_entries, patients, programs, progress_notes, rotations,
    },
};

impl Run<'_> {
    /// Brings one patient in, from wherever an earlier run left them.
    pub(super) async fn one(&self, session: &Session<Full>, comer: &Comer) -> Result<Came, ImportError> {
        let clinical = &self.house().stores.clinical;
        if let Some(known) = imports::of_patient(clinical, self.practice, comer.patient).await? {
            return match known.verified_at {
                Some(_) if known.content == comer.content => Ok(Came::Before),
                Some(_) => Ok(Came::Changed),
                None => self.settle(session, comer, &known).await,
            };
        }
        self.clear(session, comer.patient).await?;
        let purpose = Purpose::operations(resource(PATIENT, comer.patient));
        let grant = match self.house().guard.bring_in(session, comer.patient, purpose).await {
            Ok(grant) => grant,
            Err(AccessError::Gone) => return Ok(Came::Destroyed),
            Err(error) => {
                // Where a later run has brought them in meanwhile, that is why.
                let hold = imports::hold(Batch::new(), self.practice, &self.run);
                clinical.commit(hold).await.map_err(superseded)?;
                return Err(error.into());
            }
        };
        self.importing.observer.reached(KEYED);
        let Some(known) = self.store(&grant, comer).await? else {
            self.clear(session, comer.patient).await?;
            return Ok(Came::Refused);
        };
        self.importing.observer.reached(STORED);
        self.settle(session, comer, &known).await
    }

    /// Removes the key of somebody whom a killed run did not come to store. Nothing is sealed under it: rows come with
    /// their note or not at all.
    async fn clear(&self, session: &Session<Full>, patient: PatientId) -> Result<(), ImportError> {
        let stores = &self.house().stores;
        let seen = rotations::keys_of_patient(&stores.keys, self.practice, patient).await?;
        if seen.is_empty() {
            return Ok(());
        }
        if patients::registered_at(&stores.clinical, self.practice, patient).await?.is_some() {
            return Err(AccessError::Denied.into());
        }
        event(self.house(), session, Word::new("remove_unused_key"), Some(patient)).await?;
        // Whoever holds the run now is the only one who can make it of use.
        stores.clinical.commit(imports::hold(Batch::new(), self.practice, &self.run)).await.map_err(superseded)?;
        self.importing.observer.reached(CLEARING);
        // The keys are another store: a later run may have begun in between, and have made and used a key of its own. What
        // is removed is what was seen before it began.
        let remove = |batch, key: &WrappedKey| rotations::remove_this_key(batch, self.practice, patient, key);
        stores.keys.commit(seen.iter().fold(Batch::new(), remove)).await?;
        self.importing.observer.reached(LEFTOVER);
        Ok(())
    }

    /// Seals everything of a patient and stores it at once; none when the record number is another's.
    async fn store(&self, grant: &Grant<'_, ImportRecord>, comer: &Comer) -> Result<Option<ImportedRow>, ImportError> {
        let sealed = SealedRecord::new(self.house(), grant, &comer.arrival);
        let known = ImportedRow {
            practice_id: self.practice,
            patient_id: comer.patient,
            content: comer.content,
            sealed: imports::digest_of(&sealed.patient, &sealed.versions, &sealed.log, &sealed.notes),
            stored_at: sealed.patient.created_at,
            verified_at: None,
        };
        let batch = imports::hold(Batch::new(), self.practice, &self.run);
        let mut batch = patients::insert(batch, &sealed.patient);
        for row in &sealed.versions {
            batch = match row.version {
                1 => programs::insert(batch, row),
                next => programs::advance(batch, row, next - 1),
            };
        }
        let batch = sealed.log.iter().fold(batch, log_entries::insert);
        let batch = sealed.notes.iter().fold(batch, progress_notes::insert);
        match self.house().stores.clinical.commit(imports::remember(batch, &known)).await {
            Ok(()) => Ok(Some(known)),
            Err(CommitError::Duplicate { statement: 1 }) => Ok(None),
            Err(CommitError::Conflict { statement: 0 }) => Err(ImportError::Superseded),
            Err(error) => Err(error.into()),
        }
    }

    /// Sets the care team, and compares what is stored with what was sealed.
    async fn settle(&self, session: &Session<Full>, comer: &Comer, known: &ImportedRow) -> Result<Came, ImportError> {
        let (house, practice, patient) = (self.house(), self.practice, comer.patient);
        let now = house.clock.now();
        for account in &comer.arrival.care_team {
            event(house, session, Word::new("assign_care_team"), Some(patient)).await?;
            // The same place has the same id, so that it is given once.
            let digest = crypto::sha256(
                &[&b"imported place"[..], practice.as_bytes(), patient.as_bytes(), account.as_bytes()].concat(),
            );
            let mut id = [0; 16];
            id.copy_from_slice(&digest[..16]);
            let row = CareLinkRow {
                practice_id: practice,
                care_link_id: CareLinkId::from_bytes(id),
                patient_id: patient,
                account_id: *account,
                kind: CareKind::Assigned,
                starts_at: now,
                ends_at: None,
                created_by: session.account(),
                created_at: now,
            };
            match house.stores.identity.commit(care_links::insert(Batch::new(), &row)).await {
                Ok(()) | Err(CommitError::Duplicate { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.importing.observer.reached(LINKED);
        if imports::digest(&house.stores.clinical, practice, patient).await? != known.sealed {
            return Ok(Came::Differs);
        }
        let batch = imports::hold(Batch::new(), practice, &self.run);
        let batch = imports::verified(batch, practice, patient, now);
        house.stores.clinical.commit(batch).await.map_err(superseded)?;
        self.importing.observer.reached(VERIFIED);
        Ok(Came::In)
    }
}
