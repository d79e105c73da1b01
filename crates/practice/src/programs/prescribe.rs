//! Prescribing: signing the first version of a program, or the next one.

use super::{PROGRAM, ProgramView, view};
use crate::{
    House, exercises,
    record::{Names, RecordError, resource, through_record},
};
use domain::{
    Date, Dose, ExerciseId, Invalid, ItemId, Items, PatientId, PracticeId, ProgramId, ProgramItem, ProgramTitle,
};
use identity::{Full, Session};
use phi::{Grant, OpenError, Purpose, WriteExercise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use store::{
    Batch, CommitError,
    rows::programs::{self, ProgramVersionRow},
};

/// A version to sign.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProgram {
    /// What it is called on the patient's screen.
    pub title: ProgramTitle,
    /// Its first day.
    pub starts_on: Date,
    /// Its last day; none while open.
    #[serde(default)]
    pub ends_on: Option<Date>,
    /// 1 to 30 exercises, in order.
    pub items: Vec<NewItem>,
}

/// One exercise of a version to sign.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    /// The item of an earlier version that this one goes on with, so that the log follows it; none for a new one.
    #[serde(default)]
    pub item_id: Option<ItemId>,
    /// An exercise of the practice's library.
    pub exercise_id: ExerciseId,
    /// How much of it.
    pub dose: Dose,
    /// What to mind, at most 500 characters.
    #[serde(default)]
    pub instruction: Option<String>,
}

/// Why a version was not signed.
#[derive(Debug, thiserror::Error)]
pub enum PrescribeError {
    /// A field is wrong.
    #[error("{field} {why}")]
    Invalid {
        /// Its place: `items[2].dose.sets`.
        field: String,
        /// What is wrong with it.
        why: Invalid,
    },
    /// There is a program in force, and the caller did not say which version they saw.
    #[error("a program is in force, and no version of it was named")]
    VersionNeeded,
    /// Another version is in force than the caller saw.
    #[error("the program was changed since")]
    Stale,
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(PrescribeError);

impl PrescribeError {
    pub(super) fn invalid(field: impl Into<String>, what: &'static str) -> Self {
        Self::Invalid { field: field.into(), why: Invalid::new(what) }
    }
}

/// Signs a version in the name of the caller. `seen` is the version in force that the caller changed; none when they saw
/// that nothing is prescribed. The old version stays as it is.
pub async fn prescribe(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    seen: Option<u32>,
    new: NewProgram,
) -> Result<ProgramView, PrescribeError> {
    let purpose = Purpose::treatment(resource(PROGRAM, patient));
    let grant = house.guard.authorize::<WriteExercise>(session, patient, purpose).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let history = programs::history(db, practice, patient).await?;
    let current = programs::current(db, practice, patient).await?;
    match (&current, seen) {
        (Some(_), None) => return Err(PrescribeError::VersionNeeded),
        (Some(current), Some(seen)) if current.version == seen => {}
        (None, None) => {}
        (Some(_) | None, Some(_)) => return Err(PrescribeError::Stale),
    }
    let (title, starts_on, ends_on) = (new.title.clone(), new.starts_on, new.ends_on);
    if ends_on.is_some_and(|end| end < starts_on) {
        return Err(PrescribeError::invalid("ends_on", "must not be before the first day"));
    }
    let items = checked_items(house, &grant, &history, new).await?;
    // Versions count through all programs of a patient: a number that somebody saw is never that of another program.
    let (program_id, version) = match &current {
        Some(current) => (current.program_id, current.version + 1),
        None => {
            let last = history.iter().map(|row| row.version).max().unwrap_or_default();
            (next_program(practice, patient, &history), last + 1)
        }
    };
    let row_id = ProgramVersionRow::row_id(program_id, version);
    let row = ProgramVersionRow {
        practice_id: practice,
        program_id,
        version,
        patient_id: patient,
        title: grant.seal(row_id, &title),
        items: grant.seal(row_id, &items),
        starts_on,
        ends_on,
        signed_by: session.account(),
        signed_at: house.clock.now(),
        end_reason: None,
        voided: None,
    };
    let batch = match &current {
        Some(current) => programs::advance(Batch::new(), &row, current.version),
        None => programs::insert(Batch::new(), &row),
    };
    match house.stores.clinical.commit(batch).await {
        Ok(()) => Ok(view(db, &grant, &row, &mut Names::new(house, session)).await?),
        Err(CommitError::Conflict { .. } | CommitError::Duplicate { .. }) => Err(PrescribeError::Stale),
        Err(error) => Err(error.into()),
    }
}

/// The id of the patient's next program follows from how many they had: two people who prescribe the first one at the
/// same moment make the same id, and the second one fails.
pub(crate) fn next_program(practice: PracticeId, patient: PatientId, history: &[ProgramVersionRow]) -> ProgramId {
    let mut had: Vec<ProgramId> = history.iter().map(|row| row.program_id).collect();
    had.sort_unstable();
    had.dedup();
    let count = u32::try_from(had.len()).unwrap_or(u32::MAX).to_be_bytes();
    let digest = crypto::sha256(&[&b"program"[..], practice.as_bytes(), patient.as_bytes(), &count].concat());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    ProgramId::from_bytes(bytes)
}

/// Every item with an id, known exercises only.
async fn checked_items(
    house: &House,
    grant: &Grant<'_, WriteExercise>,
    history: &[ProgramVersionRow],
    new: NewProgram,
) -> Result<Items, PrescribeError> {
    let earlier = earlier_items(grant, history)?;
    let mut items = Vec::with_capacity(new.items.len().min(31));
    for (n, item) in new.items.into_iter().enumerate() {
        let item_id = match item.item_id {
            None => ItemId::random(&*house.rng),
            Some(id) => match earlier.get(&id) {
                Some(exercise) if *exercise == item.exercise_id => id,
                Some(_) => return Err(PrescribeError::invalid(format!("items[{n}].item_id"), "is another exercise's")),
                None => {
                    let what = "is not an item of this patient's program";
                    return Err(PrescribeError::invalid(format!("items[{n}].item_id"), what));
                }
            },
        };
        let instruction = item.instruction.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        items.push(ProgramItem { item_id, exercise_id: item.exercise_id, dose: item.dose, instruction });
    }
    let items = Items::new(items).map_err(|(field, why)| PrescribeError::Invalid { field, why })?;
    let ids = items.as_slice().iter().map(|item| item.exercise_id).collect();
    let known = exercises::briefs(&house.stores.clinical, grant.practice(), ids).await?;
    let unknown = items.as_slice().iter().position(|item| !known.contains_key(&item.exercise_id));
    match unknown {
        Some(n) => Err(PrescribeError::invalid(format!("items[{n}].exercise_id"), "is not in the library")),
        None => Ok(items),
    }
}

/// Every item that the patient ever had, with its exercise.
fn earlier_items(
    grant: &Grant<'_, WriteExercise>,
    history: &[ProgramVersionRow],
) -> Result<HashMap<ItemId, ExerciseId>, OpenError> {
    let mut earlier = HashMap::new();
    for row in history {
        let items = grant.open(&row.items)?;
        earlier.extend(items.expose().as_slice().iter().map(|item| (item.item_id, item.exercise_id)));
    }
    Ok(earlier)
}
