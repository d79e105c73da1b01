//! Records of somebody who was registered twice are kept, held and destroyed together. Who that is, is what
//! `store::rows::merges` says is in force; the statements that condemn and hold ask it in the same words.

use domain::{PatientId, PracticeId};
use std::collections::HashMap;
use store::{Db, StoreError, rows::merges};

/// For each patient with another record: all records of the same person, the one that goes on first.
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
        let each = people.into_values().flat_map(|all| all.clone().into_iter().map(move |one| (one, all.clone())));
        Ok(Self(each.collect()))
    }

    /// All records of the person, this one too, in the same order for each of them.
    pub(super) fn records(&self, patient: PatientId) -> Vec<PatientId> {
        self.0.get(&patient).cloned().unwrap_or_else(|| vec![patient])
    }
}
