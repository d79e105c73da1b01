//! Records of somebody who was registered twice are kept, held and destroyed together.

use domain::{PatientId, PracticeId};
use std::collections::HashMap;
use store::{Db, StoreError, rows::merges};

/// For each patient with another record: the others of the same person.
pub(super) struct SamePerson(HashMap<PatientId, Vec<PatientId>>);

impl SamePerson {
    /// As it stands now.
    pub(super) async fn read(identity: &Db, practice: PracticeId) -> Result<Self, StoreError> {
        let mut people: HashMap<PatientId, Vec<PatientId>> = HashMap::new();
        for row in merges::all(identity, practice).await? {
            if let Some(into) = row.into {
                people.entry(into).or_insert_with(|| vec![into]).push(row.patient_id);
            }
        }
        let mut others = HashMap::new();
        for records in people.into_values() {
            for record in &records {
                others.insert(*record, records.iter().copied().filter(|other| other != record).collect());
            }
        }
        Ok(Self(others))
    }

    /// The other records of the person.
    pub(super) fn others(&self, patient: PatientId) -> &[PatientId] {
        self.0.get(&patient).map_or(&[], Vec::as_slice)
    }
}
