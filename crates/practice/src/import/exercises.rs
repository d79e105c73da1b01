//! Which exercise of the library an exercise of the source is, and whose account a therapist of the source has.

use super::{
    ImportError,
    mapping::{Mapping, MappingError},
};
use crate::{House, staff};
use domain::{AccountId, EmailAddress, ExerciseId, ExerciseSource, PracticeId};
use std::collections::HashMap;
use store::rows::{
    accounts::{self, AccountState},
    exercises,
};

/// What names of the source mean here.
#[derive(Default)]
pub(super) struct Names {
    pub(super) exercises: HashMap<String, ExerciseId>,
    pub(super) therapists: HashMap<String, AccountId>,
}

impl Names {
    /// Looks all of them up; one that leads nowhere is the mapping's mistake.
    pub(super) async fn find(
        house: &House,
        practice: PracticeId,
        importer: AccountId,
        mapping: &Mapping,
    ) -> Result<Self, ImportError> {
        let mut names = Self::default();
        for (there, here) in &mapping.exercises {
            let (source, name) = match here.split_once(':') {
                Some(("free_exercise_db", name)) => (ExerciseSource::FreeExerciseDb, name),
                Some(("starter", name)) => (ExerciseSource::Starter, name),
                _ => (ExerciseSource::Starter, here.as_str()),
            };
            let row = exercises::by_source(&house.stores.clinical, practice, source, name).await?;
            let row = row.ok_or_else(|| wrong("exercises", there, "names no exercise of the library"))?;
            names.exercises.insert(there.clone(), row.exercise_id);
        }
        let accounts = mapping.care_team.iter().flat_map(|team| &team.accounts);
        for (there, address) in accounts {
            let what = |why| wrong("care_team.accounts", there, why);
            let email = EmailAddress::new(address).map_err(|_| what("names no e-mail address"))?;
            let index = house.indexes.account_email(&email);
            let row = accounts::by_email(&house.stores.identity, &index).await?;
            let row = row.filter(|row| row.practice_id == practice && row.state == AccountState::Active);
            let row = row.ok_or_else(|| what("names no active account of the practice"))?;
            if !staff::treats(row.role) {
                return Err(what("names an account that treats nobody").into());
            }
            if row.account_id == importer {
                return Err(what("is who imports: nobody gives themself a place").into());
            }
            names.therapists.insert(there.clone(), row.account_id);
        }
        Ok(names)
    }
}

fn wrong(table: &str, name: &str, why: &str) -> MappingError {
    MappingError::wrong(format!("{table}.{name:?}"), why)
}
